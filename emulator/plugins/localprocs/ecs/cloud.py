"""What ECS asks of the emulator's other services."""

import json
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from botocore.exceptions import ClientError
from localstack import config
from localstack.aws.connect import connect_to
from localstack.services.plugins import SERVICE_PLUGINS

from localprocs.alarms.metrics import Metric
from localprocs.alarms.stores import metrics_of
from localprocs.ecs import secrets
from localprocs.ecs.errors import StartFailure
from localprocs.ecs.logs import Event, LogTarget, Put
from localprocs.ecs.model import Json, Place, Sample

LOG = logging.getLogger(__name__)

SESSION_SECONDS = 6 * 3600
"""How long a task role's credentials last; the SDK fetches new ones some minutes before."""
REUSE_SECONDS = 3000


class Cloud(Protocol):
    """Other services, as ECS needs them."""

    gateway: str

    def secret(self, place: Place, role: str | None, value_from: str) -> str:
        """Return a secret's value, read with the execution role; StartFailure if it cannot be had."""
        ...

    def open_log(self, place: Place, role: str | None, target: LogTarget) -> Put:
        """Make the log stream and return what puts events on it; StartFailure if it cannot be made."""
        ...

    def credentials(self, place: Place, role: str, session: str) -> Json:
        """Assume a role for a task."""
        ...

    def publish(self, place: Place, event: Json) -> None:
        """Put an event on the default bus, in order and without waiting."""
        ...

    def put_metrics(self, place: Place, begins: Iterable[int], samples: Sequence[Sample]) -> None:
        """Publish the same samples for each minute that begins at these moments."""
        ...


class LocalStackCloud:
    """The services of the LocalStack that this runs in."""

    def __init__(self) -> None:
        """Begin; nothing is called before it is needed."""
        self.gateway = f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}"
        self._lock = threading.Lock()
        self._sessions: dict[tuple[Place, str], tuple[float, Json]] = {}
        self._events: queue.SimpleQueue[tuple[Place, Json]] = queue.SimpleQueue()
        threading.Thread(target=self._publish_all, name="ecs-events", daemon=True).start()

    def secret(self, place: Place, role: str | None, value_from: str) -> str:
        """Read a secret or a parameter."""
        reference = secrets.parse(value_from)
        region = reference.region or place.region
        try:
            if reference.store == "ssm":
                return _parameter(self._client("ssm", place, role, region), reference.name)
            versions = {"VersionStage": reference.stage, "VersionId": reference.version}
            given = {key: value for key, value in versions.items() if value}
            found = self._client("secretsmanager", place, role, region).get_secret_value(
                SecretId=reference.name, **given
            )
            return secrets.value_of(reference, found["SecretString"])
        except ClientError as error:
            raise secrets.failure(reference.store, f"failed to fetch secret {reference.name}: {_said(error)}") from None

    def open_log(self, place: Place, role: str | None, target: LogTarget) -> Put:
        """Make the stream."""
        try:
            client = self._client("logs", place, role, target.region)
            if target.create_group:
                _unless_exists(lambda: client.create_log_group(logGroupName=target.group))
            _unless_exists(lambda: client.create_log_stream(logGroupName=target.group, logStreamName=target.stream))
        except ClientError as error:
            text = f"failed to create Cloudwatch log stream: {_said(error)}"
            raise StartFailure(f"ResourceInitializationError: failed to validate logger args: {text}") from None

        def put(events: list[Event]) -> None:
            self._client("logs", place, role, target.region).put_log_events(
                logGroupName=target.group, logStreamName=target.stream, logEvents=events
            )

        return put

    def credentials(self, place: Place, role: str, session: str) -> Json:
        """Assume the role as the service for tasks."""
        sts = connect_to(aws_access_key_id=place.account, region_name=place.region).sts
        # AWS names no single task: "arn:aws:ecs:REGION:ACCOUNT:*" (Amazon ECS Developer Guide, "confused deputy").
        source = f"arn:aws:ecs:{place.region}:{place.account}:*"
        assumed = sts.request_metadata(service_principal="ecs-tasks", source_arn=source).assume_role(
            RoleArn=role, RoleSessionName=session, DurationSeconds=SESSION_SECONDS
        )
        return dict(assumed["Credentials"])

    def publish(self, place: Place, event: Json) -> None:
        """Queue the event."""
        self._events.put((place, event))

    def put_metrics(self, place: Place, begins: Iterable[int], samples: Sequence[Sample]) -> None:
        """Write samples straight into CloudWatch's store."""
        store = metrics_of(place.account, place.region)
        for begin in begins:
            for each in samples:
                metric = Metric(each.namespace, each.name, each.dimensions)
                store.add(metric, begin, each.value, each.unit)

    def _client(self, service: str, place: Place, role: str | None, region: str) -> Any:
        if not role:
            return connect_to(aws_access_key_id=place.account, region_name=region).get_client(service)
        session = self._session(place, role)
        return connect_to(
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
            region_name=region,
        ).get_client(service)

    def _session(self, place: Place, role: str) -> Json:
        """Return the execution role's credentials, assumed once in a while: a client for new ones takes time to make."""
        with self._lock:
            made, session = self._sessions.get((place, role), (0.0, {}))
            if not session or time.monotonic() - made > REUSE_SECONDS:
                session = self.credentials(place, role, "ecs-execution")
                self._sessions[place, role] = (time.monotonic(), session)
            return session

    def _publish_all(self) -> None:
        while True:
            place, event = self._events.get()
            try:
                if _has_rules(place):
                    client = connect_to(aws_access_key_id=place.account, region_name=place.region).events
                    client.put_events(Entries=[{**event, "Detail": json.dumps(event["Detail"])}])
            except Exception as error:  # noqa: BLE001 - an event is told at best effort
                LOG.warning("An ECS event was not published: %s", error)


def _parameter(ssm: Any, name: str) -> str:
    """Read a parameter by the call that the agent of ECS makes, and that an execution role must allow."""
    found = ssm.get_parameters(Names=[name], WithDecryption=True)
    if not found["Parameters"]:
        raise secrets.failure("ssm", f"fetching secret data from SSM Parameter Store: invalid parameters: {name}")
    return str(found["Parameters"][0]["Value"])


def _has_rules(place: Place) -> bool:
    if not SERVICE_PLUGINS.is_running("events"):
        return False
    # Loaded already where EventBridge runs; costly where it does not.
    from localstack.services.events.models import events_stores  # noqa: PLC0415

    bus = events_stores[place.account][place.region].event_buses.get("default")
    return bool(bus and bus.rules)


def _unless_exists(make: Callable[[], Any]) -> None:
    try:
        make()
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
            raise


def _said(error: ClientError) -> str:
    return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
