"""A role that does not exist cannot be assumed: LocalStack would hand out a session of it."""

from typing import Any


def refuse_missing_role(_chain: Any, context: Any, _response: Any) -> None:
    """Answer a client's AssumeRole as AWS does where there is no such role.

    Deployment tools rely on it: the CDK tries the roles of its bootstrap first, and then its own credentials. A call that
    is malformed is left to the service, which says so: AWS looks at that first.

    Raises:
        CommonServiceException: there is no such role.
    """
    if context.operation is None or context.operation.name != "AssumeRole" or context.is_internal_call:
        return
    from localstack.aws.api import CommonServiceException  # noqa: PLC0415 - imported with the first such call
    from localstack.services.sts.provider import ROLE_ARN_REGEX, SESSION_NAME_REGEX  # noqa: PLC0415
    from moto.iam.models import iam_backends  # noqa: PLC0415

    request = context.service_request or {}
    arn = str(request.get("RoleArn", ""))
    if not ROLE_ARN_REGEX.match(arn) or not SESSION_NAME_REGEX.match(str(request.get("RoleSessionName", ""))):
        return
    account, name = arn.split(":")[4], arn.rsplit("/", 1)[-1]
    if not any(role.name == name for role in iam_backends[account]["aws"].roles.values()):
        text = f"User: arn:aws:iam::{context.account_id}:root is not authorized to perform: sts:AssumeRole on resource: {arn}"
        raise CommonServiceException("AccessDenied", text, status_code=403, sender_fault=True)
