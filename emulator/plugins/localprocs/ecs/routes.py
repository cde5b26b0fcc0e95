"""The agent's endpoints for containers, and the emulator's own: which tasks run where, and Spot interruptions."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from localstack.http import Request, Response, Router

from localprocs.ecs import interruptions, metadata
from localprocs.ecs.api.tasks import LONGEST_PROTECTION_MINUTES, PROTECTION_MINUTES, protection_of
from localprocs.ecs.errors import InvalidInterruption
from localprocs.ecs.fleet import Fleet
from localprocs.ecs.model import Container, Json, Task
from localprocs.ecs.preparation import task_role
from localprocs.ecs.telling import as_event, moment, without_none

BASE = "/_emulator/ecs"


def add_routes(router: "Router[Any]", fleet: Fleet) -> None:
    """Serve everything under ``/_emulator/ecs``."""
    endpoints = Endpoints(fleet)
    for path, methods, endpoint in (
        ("/tasks", ["GET"], endpoints.tasks),
        ("/interruptions", ["POST"], endpoints.interrupt),
        ("/credentials/<key>", ["GET"], endpoints.credentials),
        ("/api/<container_id>/task-protection/v1/state", ["GET", "PUT"], endpoints.protection),
        ("/<any(v3, v4):_version>/<container_id>", ["GET"], endpoints.metadata),
        ("/<any(v3, v4):_version>/<container_id>/<path:what>", ["GET"], endpoints.metadata),
    ):
        router.add(f"{BASE}{path}", _as_json(endpoint), methods=methods)


class Endpoints:
    """Answers as (status, content)."""

    def __init__(self, fleet: Fleet) -> None:
        """Work on a fleet."""
        self._fleet = fleet

    def tasks(self, _request: Request) -> tuple[int, Any]:
        """List every task that has a process, with its pid and the ports that it really has."""
        with self._fleet.lock:
            return 200, [
                _told(run.task, container)
                for run in self._fleet.runs()
                for container in run.task.containers
                if container.pid is not None
            ]

    def interrupt(self, request: Request) -> tuple[int, Any]:
        """Interrupt Spot tasks."""
        try:
            wanted = interruptions.parse(request.get_data())
            return 200, {"interrupted": interruptions.interrupt(self._fleet, wanted)}
        except InvalidInterruption as error:
            return 400, {"error": str(error)}

    def credentials(self, request: Request, key: str) -> tuple[int, Any]:
        """Give a task its role's credentials."""
        run = next((run for run in self._fleet.runs() if run.credentials_path == key), None)
        role = task_role(run.task) if run else None
        if run is None or role is None:
            return 404, {"code": "NoIdInRequest", "message": "No credentials under this path"}
        if request.headers.get("Authorization") != run.credentials_token:
            return 403, {"code": "AccessDenied", "message": "The authorization token is not this task's"}
        found = self._fleet.cloud.credentials(run.task.place, role, run.task.id)
        expiration = found["Expiration"]
        return 200, {
            "RoleArn": role,
            "AccessKeyId": found["AccessKeyId"],
            "SecretAccessKey": found["SecretAccessKey"],
            "Token": found["SessionToken"],
            "Expiration": expiration
            if isinstance(expiration, str)
            else f"{expiration.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        }

    def protection(self, request: Request, container_id: str) -> tuple[int, Any]:
        """Tell or set the protection of the container's task."""
        found = self._fleet.find_container(container_id)
        if found is None:
            return 404, _agent_error("ResourceNotFoundException", "No such container")
        task = found[0]
        if task.deployment_id is None or not task.is_wanted:
            failure = {
                "Arn": task.arn,
                "Reason": "TASK_NOT_VALID",
                "Detail": "The task is not a running task of a service.",
            }
            return 200, {"failure": failure}
        if request.method == "PUT":
            wrong = self._protect(task, request)
            if wrong:
                return 400, _agent_error("InvalidParameterException", wrong, task.arn)
        told = protection_of(task, self._fleet.now())
        expires = told.get("expirationDate")
        return 200, {
            "protection": without_none(
                {
                    "ExpirationDate": f"{expires:%Y-%m-%dT%H:%M:%SZ}" if isinstance(expires, datetime) else None,
                    "ProtectionEnabled": told["protectionEnabled"],
                    "TaskArn": task.arn,
                }
            )
        }

    def metadata(self, _request: Request, _version: str, container_id: str, what: str = "") -> tuple[int, Any]:
        """Tell a container about itself and its task (task metadata endpoint version 4)."""
        with self._fleet.lock:
            found = self._fleet.find_container(container_id)
            if found is None:
                return 404, "unable to get container"
            task, container = found
            told = metadata.tell(self._fleet, task, container, what)
        return (200, as_event(told)) if told is not None else (404, "404 page not found")

    def _protect(self, task: Task, request: Request) -> str | None:
        content = _json(request.get_data())
        if not isinstance(content, dict) or not isinstance(content.get("ProtectionEnabled"), bool):
            return "ProtectionEnabled must be true or false"
        minutes = content.get("ExpiresInMinutes", PROTECTION_MINUTES)
        if not isinstance(minutes, int) or isinstance(minutes, bool) or not 1 <= minutes <= LONGEST_PROTECTION_MINUTES:
            return f"ExpiresInMinutes must be a whole number within 1 and {LONGEST_PROTECTION_MINUTES}"
        self._fleet.protect(task, 60.0 * minutes if content["ProtectionEnabled"] else None)
        return None


def _told(task: Task, container: Container) -> Json:
    ports = {str(each["containerPort"]): each["hostPort"] for each in container.bindings}
    return {
        "taskArn": task.arn,
        "container": container.name,
        "pid": container.pid,
        "port": next(iter(ports.values()), None),
        "ports": ports,
        "group": task.group,
        "capacityProviderName": task.capacity_provider,
        "lastStatus": task.last_status,
        "healthStatus": task.health,
        "startedAt": as_event(moment(container.started_at)),
        "taskDefinitionArn": task.definition.arn,
    }


def _agent_error(code: str, message: str, arn: str = "") -> Mapping[str, Any]:
    return {"error": {"Arn": arn, "Code": code, "Message": message}}


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None


def _as_json(endpoint: Callable[..., tuple[int, Any]]) -> Callable[..., Response]:
    def answer(request: Request, **arguments: Any) -> Response:
        status, content = endpoint(request, **arguments)
        return Response(json.dumps(content), status, mimetype="application/json")

    return answer
