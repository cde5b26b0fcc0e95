"""Which permissions a call needs, on which resources: what the service authorization reference says of each service."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from localprocs.iam.policy import Access

type Request = Mapping[str, Any]


class Cloud(Protocol):
    """What must be known of resources to tell what a call touches."""

    def secret_arn(self, secret_id: str) -> str:
        """Return a secret's whole ARN; the name stands in for what does not exist."""
        ...

    def key_arn(self, key_id: str) -> str | None:
        """Return the ARN of a customer's key by id, ARN or alias; None for AWS's own."""
        ...

    def key_of(self, resource: str) -> str | None:
        """Return the id of the key that a queue, topic, table, bucket or secret is encrypted with."""
        ...

    def partition_key(self, table_arn: str) -> str:
        """Return the name of a table's partition key."""
        ...


@dataclass(frozen=True)
class Scope:
    """Where a call is made."""

    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        """Write the ARN of a resource there."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


def accesses(service: str, operation: str, request: Request, scope: Scope, cloud: Cloud) -> list[Access]:
    """List what a call needs: by the rules here of services that they know, else by AWS's reference."""
    describe = SERVICES.get(service, _other(service))
    return list(describe(operation, request, scope, cloud))


type Describe = Callable[[str, Request, Scope, Cloud], Iterator[Access]]


def _other(service: str) -> Describe:
    def describe(operation: str, request: Request, scope: Scope, _cloud: Cloud) -> Iterator[Access]:
        from localprocs.iam import reference  # noqa: PLC0415 - its data are read when one needs them

        where = {"Region": scope.region, "Account": scope.account}
        for resource in reference.resources(service, operation, request, where):
            yield Access(reference.action(service, operation), resource)

    return describe


def _through_key(service: str, resource: str, uses: tuple[str, ...], scope: Scope, cloud: Cloud) -> Iterator[Access]:
    """List what the caller needs of the key that the resource is encrypted with."""
    key_id = cloud.key_of(resource)
    if key_id and (key := cloud.key_arn(key_id)):
        via = {
            "kms:viaservice": (f"{service}.{scope.region}.amazonaws.com",),
            "kms:calleraccount": (scope.account,),
        }
        for use in uses:
            yield Access(f"kms:{use}", key, via)


def _sqs(operation: str, request: Request, scope: Scope, cloud: Cloud) -> Iterator[Access]:
    action = operation.removesuffix("Batch")
    name = request.get("QueueName") or str(request.get("QueueUrl", "")).rsplit("/", 1)[-1]
    queue = scope.arn("sqs", name) if name else "*"
    yield Access(f"sqs:{action}", queue)
    uses = {"SendMessage": ("GenerateDataKey", "Decrypt"), "ReceiveMessage": ("Decrypt",)}.get(action, ())
    yield from _through_key("sqs", queue, uses, scope, cloud)


def _sns(operation: str, request: Request, scope: Scope, cloud: Cloud) -> Iterator[Access]:
    topic = request.get("TopicArn") or request.get("TargetArn") or "*"
    yield Access(f"sns:{operation.removesuffix('Batch')}", topic)
    uses = ("GenerateDataKey", "Decrypt") if operation.startswith("Publish") else ()
    yield from _through_key("sns", topic, uses, scope, cloud)


_WRITES_IN_TRANSACTION = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}


def _dynamodb(operation: str, request: Request, scope: Scope, cloud: Cloud) -> Iterator[Access]:
    tables: set[str] = set()
    for action, table, items in _table_operations(operation, request):
        arn = table if table.startswith("arn:") else scope.arn("dynamodb", f"table/{table or '*'}")
        resource = f"{arn}/index/{request['IndexName']}" if "IndexName" in request else arn
        name = cloud.partition_key(arn)
        keys = tuple(_text(item[name]) for item in items if item and name in item)
        if operation == "Query":
            keys = _queried(request, name)
        leading = {"dynamodb:leadingkeys": keys} if keys else {}
        yield Access(f"dynamodb:{action}", resource, leading)
        tables.add(arn)
    for arn in sorted(tables):
        yield from _through_key("dynamodb", arn, ("Decrypt",), scope, cloud)


def _table_operations(operation: str, request: Request) -> Iterator[tuple[str, str, list[Any]]]:
    """Yield each permission's action, table and the items or keys that it is about."""
    match operation:
        case "TransactWriteItems" | "TransactGetItems":
            for item in request.get("TransactItems", []):
                for kind, part in item.items():
                    action = "GetItem" if kind == "Get" else _WRITES_IN_TRANSACTION.get(kind, "ConditionCheckItem")
                    yield action, part["TableName"], [part.get("Key") or part.get("Item")]
        case "BatchGetItem":
            for table, asked in request.get("RequestItems", {}).items():
                yield operation, table, asked["Keys"]
        case "BatchWriteItem":
            for table, asked in request.get("RequestItems", {}).items():
                yield (
                    operation,
                    table,
                    [part.get("Key") or part.get("Item") for each in asked for part in each.values()],
                )
        case _:
            yield operation, request.get("TableName", ""), [request.get("Key") or request.get("Item")]


def _queried(request: Request, partition_key: str) -> tuple[str, ...]:
    """Return the partition that a query asks for; one that cannot be told matches no condition."""
    names = {value: name for name, value in request.get("ExpressionAttributeNames", {}).items()}
    spelled = "|".join(re.escape(each) for each in (partition_key, names.get(partition_key)) if each)
    found = re.search(rf"(?:{spelled})\s*=\s*(:\w+)", request.get("KeyConditionExpression", ""))
    value = request.get("ExpressionAttributeValues", {}).get(found[1]) if found else None
    return (_text(value) if value else "",)


def _text(value: Mapping[str, Any]) -> str:
    return str(next(iter(value.values())))


_S3_ACTIONS = {
    "HeadObject": "GetObject",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "HeadBucket": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListBuckets": "ListAllMyBuckets",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "ListParts": "ListMultipartUploadParts",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "DeleteObjects": "DeleteObject",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "GetBucketCors": "GetBucketCORS",
    "DeleteBucketCors": "PutBucketCORS",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeleteBucketTagging": "PutBucketTagging",
}
"""Operations whose permission has another name."""


def _s3(operation: str, request: Request, scope: Scope, cloud: Cloud) -> Iterator[Access]:
    bucket, key = request.get("Bucket"), request.get("Key")
    action = _S3_ACTIONS.get(operation, operation)
    bucket_arn = f"arn:aws:s3:::{bucket}" if bucket else "*"
    if operation == "DeleteObjects":
        for each in request.get("Delete", {}).get("Objects", []):
            yield Access("s3:DeleteObject", f"{bucket_arn}/{each['Key']}")
        return
    prefix = {"s3:prefix": (request["Prefix"],)} if request.get("Prefix") else {}
    yield Access(f"s3:{action}", f"{bucket_arn}/{key}" if key else bucket_arn, prefix)
    if source := request.get("CopySource"):
        path = source if isinstance(source, str) else f"{source['Bucket']}/{source['Key']}"
        yield Access("s3:GetObject", f"arn:aws:s3:::{path.split('?')[0].lstrip('/')}")
    uses = {"GetObject": ("Decrypt",), "PutObject": ("GenerateDataKey",)}.get(action, ()) if key else ()
    if operation in ("UploadPart", "CompleteMultipartUpload"):
        uses = ("Decrypt",)
    yield from _through_key("s3", bucket_arn, uses, scope, cloud)


_SECRET_KEY_USES = {
    "GetSecretValue": ("Decrypt",),
    "PutSecretValue": ("GenerateDataKey", "Decrypt"),
    "UpdateSecret": ("GenerateDataKey", "Decrypt"),
    "CreateSecret": ("GenerateDataKey", "Decrypt"),
}


def _secretsmanager(operation: str, request: Request, scope: Scope, cloud: Cloud) -> Iterator[Access]:
    secret_id = request.get("SecretId") or request.get("Name")
    secret = cloud.secret_arn(secret_id) if secret_id else "*"
    yield Access(f"secretsmanager:{operation}", secret)
    yield from _through_key("secretsmanager", secret, _SECRET_KEY_USES.get(operation, ()), scope, cloud)


def _kms(operation: str, request: Request, _scope: Scope, cloud: Cloud) -> Iterator[Access]:
    key = request.get("KeyId")
    yield Access(f"kms:{operation}", (cloud.key_arn(key) or key) if key else "*")


def _logs(operation: str, request: Request, scope: Scope, _cloud: Cloud) -> Iterator[Access]:
    group = request.get("logGroupName") or str(request.get("logGroupIdentifier", "*")).rsplit(":log-group:", 1)[-1]
    stream = request.get("logStreamName", "")
    yield Access(f"logs:{operation}", scope.arn("logs", f"log-group:{group}:log-stream:{stream}"))


def _cloudwatch(operation: str, request: Request, scope: Scope, _cloud: Cloud) -> Iterator[Access]:
    namespace = {"cloudwatch:namespace": (request["Namespace"],)} if "Namespace" in request else {}
    alarm = request.get("AlarmName")
    resource = scope.arn("cloudwatch", f"alarm:{alarm}") if alarm and operation != "DescribeAlarms" else "*"
    yield Access(f"cloudwatch:{operation}", resource, namespace)


def _lambda(operation: str, request: Request, scope: Scope, _cloud: Cloud) -> Iterator[Access]:
    action = "InvokeFunction" if operation.startswith("Invoke") else operation
    name = str(request.get("FunctionName", "*"))
    yield Access(f"lambda:{action}", name if name.startswith("arn:") else scope.arn("lambda", f"function:{name}"))


def _cloudformation(operation: str, request: Request, scope: Scope, _cloud: Cloud) -> Iterator[Access]:
    name = str(request.get("StackName") or "*")
    stack = name if name.startswith("arn:") else scope.arn("cloudformation", f"stack/{name}/*")
    yield Access(f"cloudformation:{operation}", stack if name != "*" else "*")


def _ecs(operation: str, request: Request, scope: Scope, _cloud: Cloud) -> Iterator[Access]:
    cluster = str(request.get("cluster", "default")).rsplit("/", 1)[-1]
    context = {"ecs:cluster": (scope.arn("ecs", f"cluster/{cluster}"),)}
    tasks = request.get("tasks") or ([request["task"]] if "task" in request else [])
    for task in tasks:
        arn = task if task.startswith("arn:") else scope.arn("ecs", f"task/{cluster}/{task}")
        yield Access(f"ecs:{operation}", arn, context)
    if not tasks:
        services = request.get("services") or [request.get("service")]
        for service in services:
            name = str(service or "").rsplit("/", 1)[-1]
            yield Access(f"ecs:{operation}", scope.arn("ecs", f"service/{cluster}/{name}") if name else "*", context)


def _ecr(operation: str, request: Request, scope: Scope, _cloud: Cloud) -> Iterator[Access]:
    name = request.get("repositoryName")
    yield Access(f"ecr:{operation}", scope.arn("ecr", f"repository/{name}") if name else "*")


def _sts(operation: str, request: Request, _scope: Scope, _cloud: Cloud) -> Iterator[Access]:
    if operation not in ("GetCallerIdentity", "GetSessionToken"):
        yield Access(f"sts:{operation}", request.get("RoleArn", "*"))


SERVICES: dict[str, Describe] = {
    "cloudformation": _cloudformation,
    "cloudwatch": _cloudwatch,
    "dynamodb": _dynamodb,
    "ecr": _ecr,
    "ecs": _ecs,
    "kms": _kms,
    "lambda": _lambda,
    "logs": _logs,
    "s3": _s3,
    "secretsmanager": _secretsmanager,
    "sns": _sns,
    "sqs": _sqs,
    "sts": _sts,
}
