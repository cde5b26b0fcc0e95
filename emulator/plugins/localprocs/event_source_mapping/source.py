"""What a mapping reads from must be there: LocalStack would make it all the same, and never read."""

from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api.lambda_ import InvalidParameterValueException
from localstack.aws.connect import connect_to
from localstack.services.lambda_.provider import LambdaProvider

_theirs = LambdaProvider.validate_event_source_mapping


def install() -> None:
    """Refuse mappings of queues that are not there, as AWS does."""
    LambdaProvider.validate_event_source_mapping = _validate


def require_queue(queues: Any, arn: str) -> None:
    """Refuse a queue that does not exist, in AWS's words.

    Raises:
        InvalidParameterValueException: there is none of the ARN.
    """
    _, _, _, _, account, name = arn.split(":")
    try:
        queues.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)
    except ClientError as error:
        raise InvalidParameterValueException(
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
            "SQS Error Message: The specified queue does not exist.",
            Type="User",
        ) from error


def _validate(provider: LambdaProvider, context: Any, request: Any) -> Any:
    found = _theirs(provider, context, request)
    arn = str(request.get("EventSourceArn", ""))
    if arn.split(":")[2:3] == ["sqs"]:
        region, account = arn.split(":")[3:5]
        require_queue(connect_to(aws_access_key_id=account, region_name=region).sqs, arn)
    return found
