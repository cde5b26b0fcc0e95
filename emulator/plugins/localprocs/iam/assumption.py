"""A role that does not exist cannot be assumed: LocalStack would hand out a session of it."""

from typing import Any


def refuse_missing_role(_chain: Any, context: Any, _response: Any) -> None:
    """Answer a client's AssumeRole as AWS does where there is no such role.

    Deployment tools rely on it: the CDK tries the roles of its bootstrap first, and then its own credentials.

    Raises:
        CommonServiceException: there is no such role.
    """
    if context.operation is None or context.operation.name != "AssumeRole" or context.is_internal_call:
        return
    from localstack.aws.api import CommonServiceException  # noqa: PLC0415 - imported with the first such call
    from moto.iam.models import iam_backends  # noqa: PLC0415

    arn = str((context.service_request or {}).get("RoleArn", ""))
    account, name = arn.split(":")[4] if arn.count(":") > 4 else "", arn.rsplit("/", 1)[-1]  # noqa: PLR2004 - an ARN's fields
    if not any(role.name == name for role in iam_backends[account]["aws"].roles.values()):
        text = f"User: arn:aws:iam::{context.account_id}:root is not authorized to perform: sts:AssumeRole on resource: {arn}"
        raise CommonServiceException("AccessDenied", text, status_code=403, sender_fault=True)
