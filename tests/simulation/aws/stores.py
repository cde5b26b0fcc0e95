"""S3, Secrets Manager and CloudWatch, as far as ``src`` calls them."""

import io
from collections.abc import Mapping
from typing import Any

from tests.simulation.aws.refusal import Refusal


class S3:
    """One bucket."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def call(self, operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
        match operation:
            case "put_object":
                self.objects[given["Key"]] = bytes(given["Body"])
                return {"ETag": '"1"'}
            case "get_object" if given["Key"] in self.objects:
                return {"Body": io.BytesIO(self.objects[given["Key"]])}
            case "get_object":
                raise Refusal("NoSuchKey", 404)
            case "abort_multipart_upload":
                raise Refusal("NoSuchUpload", 404)
        raise NotImplementedError(operation)


class SecretsManager:
    """Secrets with their versions and the labels of these."""

    def __init__(self) -> None:
        self.versions: dict[str, dict[str, str]] = {}
        self.labels: dict[str, dict[str, str]] = {}
        """By secret: which version bears the label."""

    def put(self, secret: str, text: str, version: str = "first", *labels: str) -> None:
        """Keep a version and give it labels."""
        self.versions.setdefault(secret, {})[version] = text
        for label in labels or ("AWSCURRENT",):
            self.labels.setdefault(secret, {})[label] = version

    def call(self, operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
        secret = given["SecretId"]
        if secret not in self.versions:
            raise Refusal("ResourceNotFoundException")
        versions, labels = self.versions[secret], self.labels[secret]
        match operation:
            case "get_secret_value":
                version = labels.get(given.get("VersionStage", "AWSCURRENT"))
                if version is None or given.get("VersionId", version) != version:
                    raise Refusal("ResourceNotFoundException")
                return {"SecretString": versions[version], "VersionId": version}
            case "put_secret_value":
                token = given["ClientRequestToken"]
                if versions.get(token, given["SecretString"]) != given["SecretString"]:
                    raise Refusal("ResourceExistsException")
                self.put(secret, given["SecretString"], token, *given["VersionStages"])
                return {"VersionId": token}
            case "describe_secret":
                stages: dict[str, list[str]] = {}
                for label, version in labels.items():
                    stages.setdefault(version, []).append(label)
                return {"VersionIdsToStages": stages}
            case "update_secret_version_stage":
                if labels.get(given["VersionStage"]) != given.get("RemoveFromVersionId"):
                    raise Refusal("InvalidParameterException")
                labels[given["VersionStage"]] = given["MoveToVersionId"]
                return {}
        raise NotImplementedError(operation)


class CloudWatch:
    """Sums of what is published without dimensions."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = {}

    def call(self, operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
        if operation in ("describe_alarm_history", "get_metric_data"):
            raise Refusal("AccessDenied")  # alarms and metrics are not modelled
        if operation != "put_metric_data":
            raise NotImplementedError(operation)
        for datum in given["MetricData"]:
            if not datum.get("Dimensions"):
                values, counts = datum.get("Values", [datum.get("Value")]), datum.get("Counts")
                total = sum(value * (counts[place] if counts else 1) for place, value in enumerate(values))
                self.sums[datum["MetricName"]] = self.sums.get(datum["MetricName"], 0.0) + total
        return {}
