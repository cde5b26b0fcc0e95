"""What calls need."""

import pytest
from localprocs.iam.accesses import Scope, accesses

SCOPE = Scope("us-east-1", "111")
KEY = "arn:aws:kms:us-east-1:111:key/k"
TABLE = "arn:aws:dynamodb:us-east-1:111:table/state"


class Cloud:
    """Everything of name ``encrypted`` has a key."""

    def secret_arn(self, secret_id):
        """Add what Secrets Manager adds."""
        return f"arn:aws:secretsmanager:us-east-1:111:secret:{secret_id}-AbCdEf"

    def key_arn(self, _key_id):
        """There is one key."""
        return KEY

    def key_of(self, resource):
        """By the name."""
        return "k" if "encrypted" in resource else None

    def partition_key(self, _table):
        """As in the template."""
        return "pk"


def needed(service, operation, **request):
    """Return what a call needs, as (action, resource) pairs."""
    return [(each.action, each.resource) for each in accesses(service, operation, request, SCOPE, Cloud())]


@pytest.mark.parametrize(
    ("service", "operation", "request_", "action", "resource"),
    [
        ("sqs", "DeleteMessageBatch", {"QueueUrl": "http://h/q/us-east-1/111/jobs"}, "sqs:DeleteMessage", "arn:aws:sqs:us-east-1:111:jobs"),
        ("sqs", "GetQueueUrl", {"QueueName": "jobs"}, "sqs:GetQueueUrl", "arn:aws:sqs:us-east-1:111:jobs"),
        ("s3", "HeadObject", {"Bucket": "b", "Key": "k"}, "s3:GetObject", "arn:aws:s3:::b/k"),
        ("s3", "ListObjectsV2", {"Bucket": "b", "Prefix": "p"}, "s3:ListBucket", "arn:aws:s3:::b"),
        ("s3", "UploadPart", {"Bucket": "b", "Key": "k"}, "s3:PutObject", "arn:aws:s3:::b/k"),
        ("secretsmanager", "GetSecretValue", {"SecretId": "s"}, "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:111:secret:s-AbCdEf"),
        ("logs", "PutLogEvents", {"logGroupName": "/g", "logStreamName": "s"}, "logs:PutLogEvents", "arn:aws:logs:us-east-1:111:log-group:/g:log-stream:s"),
        ("lambda", "Invoke", {"FunctionName": "f"}, "lambda:InvokeFunction", "arn:aws:lambda:us-east-1:111:function:f"),
        ("ecs", "UpdateTaskProtection", {"cluster": "c", "tasks": ["t"]}, "ecs:UpdateTaskProtection", "arn:aws:ecs:us-east-1:111:task/c/t"),
        ("cloudwatch", "PutMetricData", {"Namespace": "N"}, "cloudwatch:PutMetricData", "*"),
        ("unknown", "Do", {}, "unknown:Do", "*"),
    ],
)  # fmt: skip
def test_a_call_needs_its_action_on_its_resource(service, operation, request_, action, resource):
    """Batch operations, S3's other names, generated ends of ARNs."""
    assert needed(service, operation, **request_) == [(action, resource)]


def test_a_transaction_needs_what_its_parts_need():
    """Each item by itself, with its key for conditions."""
    items = [
        {"Put": {"TableName": "state", "Item": {"version": {"N": "1"}, "pk": {"S": "bucket#a"}}}},
        {"ConditionCheck": {"TableName": "state", "Key": {"pk": {"S": "slot#1"}}}},
    ]

    found = accesses("dynamodb", "TransactWriteItems", {"TransactItems": items}, SCOPE, Cloud())

    assert [(each.action, each.resource, each.context) for each in found] == [
        ("dynamodb:PutItem", TABLE, {"dynamodb:leadingkeys": ("bucket#a",)}),
        ("dynamodb:ConditionCheckItem", TABLE, {"dynamodb:leadingkeys": ("slot#1",)}),
    ]


def test_a_query_is_about_the_partition_that_it_asks_for():
    """Also under a placeholder; one that cannot be told matches nothing."""
    request = {
        "TableName": "state",
        "KeyConditionExpression": "#k = :k",
        "ExpressionAttributeNames": {"#k": "pk"},
        "ExpressionAttributeValues": {":k": {"S": "job#1"}},
    }

    (found,) = accesses("dynamodb", "Query", request, SCOPE, Cloud())
    (unknown,) = accesses("dynamodb", "Query", {"TableName": "state"}, SCOPE, Cloud())

    assert found.context == {"dynamodb:leadingkeys": ("job#1",)}
    assert unknown.context == {"dynamodb:leadingkeys": ("",)}


@pytest.mark.parametrize(
    ("service", "operation", "request_", "uses"),
    [
        ("sqs", "SendMessage", {"QueueUrl": "/encrypted"}, ["GenerateDataKey", "Decrypt"]),
        ("sqs", "ReceiveMessage", {"QueueUrl": "/encrypted"}, ["Decrypt"]),
        ("sqs", "DeleteMessage", {"QueueUrl": "/encrypted"}, []),
        ("s3", "PutObject", {"Bucket": "encrypted", "Key": "k"}, ["GenerateDataKey"]),
        ("s3", "GetObject", {"Bucket": "encrypted", "Key": "k"}, ["Decrypt"]),
        ("secretsmanager", "GetSecretValue", {"SecretId": "encrypted"}, ["Decrypt"]),
        ("dynamodb", "GetItem", {"TableName": "encrypted", "Key": {"pk": {"S": "a"}}}, ["Decrypt"]),
    ],
)
def test_an_encrypted_resource_needs_its_key_through_the_service(service, operation, request_, uses):
    """The caller's permission is used by the service, and by it alone."""
    _, *of_key = accesses(service, operation, request_, SCOPE, Cloud())

    assert [each.action for each in of_key] == [f"kms:{use}" for use in uses]
    assert all(each.resource == KEY for each in of_key)
    assert all(each.context["kms:viaservice"] == (f"{service}.us-east-1.amazonaws.com",) for each in of_key)


def test_what_is_described_by_name_is_the_resource():
    """A service that is asked about, and a stack, are what their permissions are for."""
    (service,) = accesses("ecs", "DescribeServices", {"cluster": "c", "services": ["s"]}, SCOPE, Cloud())
    (stack,) = accesses("cloudformation", "GetTemplate", {"StackName": "queues"}, SCOPE, Cloud())

    assert service.resource.endswith(":service/c/s")
    assert stack.resource.endswith(":stack/queues/*")
