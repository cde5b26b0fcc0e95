"""AWS::S3::Bucket: what guards and ages its objects."""

from typing import Any

from localprocs.cloudformation.amendment import Amendment
from localprocs.cloudformation.resource_type import Call, Properties


def _complete(call: Call) -> Properties:
    s3, bucket = call.client("s3"), call.properties["BucketName"]
    if call.changed("BucketEncryption"):
        _set(s3, bucket, "bucket_encryption", ServerSideEncryptionConfiguration=_encryption(call.properties))
    if call.changed("LifecycleConfiguration"):
        _set(s3, bucket, "bucket_lifecycle_configuration", LifecycleConfiguration=_lifecycle(call.properties))
    if call.changed("PublicAccessBlockConfiguration"):
        block = call.properties.get("PublicAccessBlockConfiguration")
        _set(s3, bucket, "public_access_block", PublicAccessBlockConfiguration=block)
    if call.changed("OwnershipControls"):
        _set(s3, bucket, "bucket_ownership_controls", OwnershipControls=call.properties.get("OwnershipControls"))
    if call.changed("LoggingConfiguration"):
        s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=_logging(call.properties))
    return {}


def _update(call: Call) -> Properties:
    s3, bucket = call.client("s3"), call.before["BucketName"]
    _complete(call)
    if call.changed("VersioningConfiguration"):
        status = call.properties.get("VersioningConfiguration", {}).get("Status", "Suspended")
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
    if call.changed("Tags"):
        tags = call.properties.get("Tags")
        _set(s3, bucket, "bucket_tagging", Tagging={"TagSet": tags} if tags else None)
    return {"BucketName": bucket}


def _set(s3: Any, bucket: str, what: str, **argument: Any) -> None:
    """Put a configuration, or delete it where there is none."""
    if all(argument.values()):
        getattr(s3, f"put_{what}")(Bucket=bucket, **argument)
    else:
        getattr(s3, f"delete_{what.removesuffix('_configuration')}")(Bucket=bucket)


def _encryption(properties: Properties) -> Properties | None:
    rules = properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration")
    return rules and {
        "Rules": [
            {
                "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
                "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
            }
            for rule in rules
        ]
    }


def _logging(properties: Properties) -> Properties:
    logging = properties.get("LoggingConfiguration")
    if not logging or "DestinationBucketName" not in logging:
        return {}
    return {
        "LoggingEnabled": {
            "TargetBucket": logging["DestinationBucketName"],
            "TargetPrefix": logging.get("LogFilePrefix", ""),
        }
    }


def _lifecycle(properties: Properties) -> Properties | None:
    rules = properties.get("LifecycleConfiguration", {}).get("Rules")
    return rules and {"Rules": [_rule(rule, index) for index, rule in enumerate(rules)]}


def _rule(rule: Properties, index: int) -> Properties:
    written: Properties = {
        "ID": rule.get("Id", f"rule-{index}"),
        "Status": rule["Status"],
        "Filter": {"Prefix": rule.get("Prefix", "")},
    }
    if tags := rule.get("TagFilters"):
        written["Filter"] = {"And": {**written["Filter"], "Tags": tags}}
    expiration = {
        "Days": rule.get("ExpirationInDays"),
        "Date": rule.get("ExpirationDate"),
        "ExpiredObjectDeleteMarker": rule.get("ExpiredObjectDeleteMarker"),
    }
    if any(value is not None for value in expiration.values()):
        written["Expiration"] = {key: value for key, value in expiration.items() if value is not None}
    if noncurrent := rule.get("NoncurrentVersionExpiration"):
        written["NoncurrentVersionExpiration"] = noncurrent
    if transitions := rule.get("Transitions"):
        written["Transitions"] = [
            {"StorageClass": each["StorageClass"], "Days": each["TransitionInDays"]} for each in transitions
        ]
    if abort := rule.get("AbortIncompleteMultipartUpload"):
        written["AbortIncompleteMultipartUpload"] = abort
    return written


AMENDMENTS = [Amendment("AWS::S3::Bucket", _update, _complete)]
