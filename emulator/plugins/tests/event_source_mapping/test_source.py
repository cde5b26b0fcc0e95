"""What a mapping reads from."""

import pytest
from botocore.exceptions import ClientError
from localprocs.event_source_mapping.source import require_queue
from localstack.aws.api.lambda_ import InvalidParameterValueException

ARN = "arn:aws:sqs:us-east-1:000000000000:jobs"


class Queues:
    """Knows the queues of an account."""

    def __init__(self, *names):
        self.names = names

    def get_queue_url(self, **asked):
        if asked["QueueName"] not in self.names:
            raise ClientError({"Error": {"Code": "AWS.SimpleQueueService.NonExistentQueue"}}, "GetQueueUrl")
        return {"QueueUrl": "u"}


def test_a_queue_that_is_not_there_is_refused():
    """In AWS's words; one that is there is taken."""
    require_queue(Queues("jobs"), ARN)

    with pytest.raises(InvalidParameterValueException, match="NonExistentQueue"):
        require_queue(Queues("others"), ARN)
