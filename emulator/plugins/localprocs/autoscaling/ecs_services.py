"""The capacity of an ECS service: read and set through its own API, in this process."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.connect import connect_to


class NoServiceError(LookupError):
    """There is no such ECS service."""


@dataclass(frozen=True, slots=True)
class ServiceCapacity:
    """How many tasks a service wants and has."""

    desired: int
    running: int
    is_deploying: bool


@dataclass(frozen=True, slots=True)
class EcsService:
    """One ECS service, by its resource id: service/cluster/name."""

    account: str
    region: str
    resource_id: str

    def capacity(self) -> ServiceCapacity:
        """Ask ECS. Raises NoServiceError."""
        cluster, name = self._names()
        try:
            found = self._client().describe_services(cluster=cluster, services=[name]).get("services", [])
        except ClientError as error:
            if error.response["Error"]["Code"] != "ClusterNotFoundException":
                raise
            found = []
        active = [each for each in found if each.get("status", "ACTIVE") == "ACTIVE"]
        if not active:
            message = f"ECS service doesn't exist: {self.resource_id}"
            raise NoServiceError(message)
        deployments = active[0].get("deployments") or []
        return ServiceCapacity(
            desired=int(active[0]["desiredCount"]),
            running=int(active[0].get("runningCount") or 0),
            is_deploying=len(deployments) > 1 or any(each.get("rolloutState") == "IN_PROGRESS" for each in deployments),
        )

    def set_desired(self, count: int) -> None:
        """Have the service want so many tasks."""
        cluster, name = self._names()
        self._client().update_service(cluster=cluster, service=name, desiredCount=count)

    def _names(self) -> tuple[str, str]:
        parts = self.resource_id.split("/")
        if len(parts) != 3 or parts[0] != "service":  # noqa: PLR2004 - service/cluster/name
            message = f"ECS service doesn't exist: {self.resource_id}"
            raise NoServiceError(message)
        return parts[1], parts[2]

    def _client(self) -> Any:
        return connect_to(region_name=self.region, aws_access_key_id=self.account).ecs
