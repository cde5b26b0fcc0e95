"""The scraper's image in the registry: by which digest it is deployed, and by which it was tested."""

import json
from typing import Any

from huntaze_scraper import names
from huntaze_scraper.operations.errors import TellOperator
from infra_cdk.release.stacks import Stacks

MANIFESTS = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
]


def reference(stacks: Stacks, tag: str) -> str:
    """Return ``@sha256:...`` of the image that bears the tag now."""
    return f"@{_image(stacks, {'imageTag': tag})['imageId']['imageDigest']}"


def config_digest(stacks: Stacks, wanted: str) -> str:
    """Return the digest of an image's configuration, which an engine calls the image's id; nothing for no image.

    A manifest's digest depends on how it was pushed; the configuration names the content of every layer.
    """
    if not wanted:
        return ""
    manifest = json.loads(_image(stacks, {"imageDigest": wanted.removeprefix("@")})["imageManifest"])
    return str(manifest["config"]["digest"])


def _image(stacks: Stacks, image_id: Any) -> Any:
    repository = stacks.outputs(names.REGISTRY_STACK)["ImageRepositoryUri"].partition("/")[2]
    answer = stacks.clients.ecr.batch_get_image(
        repositoryName=repository, imageIds=[image_id], acceptedMediaTypes=MANIFESTS
    )
    if not answer.get("images"):
        name = next(iter(image_id.values()))
        raise TellOperator(
            f"there is no image {name} in {repository}: scripts/build-scraper-image.sh builds and pushes it"
        )
    return answer["images"][0]
