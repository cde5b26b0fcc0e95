"""ECR keeps what it is told of images."""

from typing import Any

from localprocs.ecr import ecr
from localprocs.moto_services import moto_service
from localstack.aws.forwarder import create_aws_request_context

MANIFEST = '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "layers": []}'


def call(operation: str, **request: Any) -> Any:
    """Call ECR."""
    context = create_aws_request_context("ecr", operation, parameters=request, region="us-east-1")
    context.request.headers["x-moto-account-id"] = "000000000000"
    context.account_id, context.region, context.service_request = "000000000000", "us-east-1", request
    return moto_service("ecr").skeleton.dispatch_table[operation](context, request)


def test_an_image_is_whatever_was_said_to_be_pushed() -> None:
    """Its manifest is told again; nobody asks for its layers."""
    call("CreateRepository", repositoryName="app")
    call("PutImage", repositoryName="app", imageManifest=MANIFEST, imageTag="one")
    images = call("BatchGetImage", repositoryName="app", imageIds=[{"imageTag": "one"}])["images"]
    assert [image["imageManifest"] for image in images] == [MANIFEST]


def test_an_image_is_named_by_its_manifest() -> None:
    """Two that differ in their configuration alone are two images, each found by its digest."""
    ecr.factory().create_service()
    call("CreateRepository", repositoryName="two")
    manifests = [MANIFEST.replace("layers", f'config": {{"digest": "sha256:{name}"}}, "layers') for name in "ab"]
    digests = [
        call("PutImage", repositoryName="two", imageManifest=manifest, imageTag=tag)["image"]["imageId"]["imageDigest"]
        for manifest, tag in zip(manifests, "ab", strict=True)
    ]
    for digest, manifest in zip(digests, manifests, strict=True):
        found = call("BatchGetImage", repositoryName="two", imageIds=[{"imageDigest": digest}])["images"]
        assert [it["imageManifest"] for it in found] == [manifest]
