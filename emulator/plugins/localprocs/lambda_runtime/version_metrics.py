"""Throttles of a function's version are counted here; its logs and other counters are left to the executor, which knows more."""

from functools import cache, partial
from typing import Any

import boto3
from localstack import config
from localstack.aws.api.lambda_ import TooManyRequestsException
from localstack.constants import AWS_REGION_US_EAST_1, INTERNAL_AWS_SECRET_ACCESS_KEY
from localstack.services.lambda_.invocation import version_manager
from localstack.services.lambda_.invocation.lambda_models import S3Code
from localstack.services.lambda_.invocation.version_manager import LambdaVersionManager

from localprocs.lambda_runtime import metrics, proactive
from localprocs.lambda_runtime.executor import publisher

_invoke = LambdaVersionManager.invoke
_start = LambdaVersionManager.start


def install() -> None:
    """Have it so, tell the proactive start of each version, and sign the code's address with one client."""
    LambdaVersionManager.invoke = _invoke_or_count_throttle
    LambdaVersionManager.start = _start_and_know
    S3Code.generate_presigned_url = _code_url
    LambdaVersionManager.store_logs = _nothing
    version_manager.record_cw_metric_error = _nothing
    version_manager.record_cw_metric_invocation = _nothing


def _invoke_or_count_throttle(manager: LambdaVersionManager, **options: Any) -> Any:
    try:
        return _invoke(manager, **options)
    except TooManyRequestsException:
        publisher.run(partial(metrics.throttled, manager.function_version))
        raise


def _start_and_know(manager: LambdaVersionManager) -> Any:
    state = _start(manager)
    proactive.know(manager)
    return state


def _code_url(code: S3Code, endpoint_url: str) -> str:
    """Sign with one client instead of a new one for each function that is looked at."""
    version = {"VersionId": code.s3_object_version} if code.s3_object_version else {}
    where = {"Bucket": code.s3_bucket, "Key": code.s3_key, **version}
    return _signing_client(endpoint_url).generate_presigned_url("get_object", Params=where)


@cache
def _signing_client(endpoint_url: str) -> Any:
    return boto3.client(
        "s3",
        region_name=AWS_REGION_US_EAST_1,
        aws_access_key_id=config.INTERNAL_RESOURCE_ACCOUNT,
        aws_secret_access_key=INTERNAL_AWS_SECRET_ACCESS_KEY,
        endpoint_url=endpoint_url,
    )


def _nothing(*_: Any, **__: Any) -> None:
    pass
