"""FIS's API, and the emulated cloud as its experiments see it."""

import uuid
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext, ServiceRequest
from localstack.aws.connect import connect_to
from localstack.aws.skeleton import Skeleton
from localstack.aws.spec import load_service
from localstack.services.plugins import Service

from localprocs.chaos.fis import templates
from localprocs.chaos.fis.experiments import Experiment
from localprocs.chaos.handler import RULES
from localprocs.ecs import plugin as ecs
from localprocs.ecs.interruptions import Interruption, interrupt
from localprocs.ecs.model import SPOT

PRINCIPAL = "fis"
FIELDS = (
    "description",
    "targets",
    "actions",
    "stopConditions",
    "roleArn",
    "tags",
    "experimentOptions",
    "logConfiguration",
)


class Cloud:
    """One account's resources in one region."""

    def __init__(self, account: str, region: str) -> None:
        """Act there."""
        self._account, self._region = account, region

    def tasks(self, target: Mapping[str, Any], *, on_spot: bool) -> list[str]:
        """Return the tasks that are named, or those of a cluster, a service, or with all of some tags."""
        given, tags = target.get("parameters") or {}, target.get("resourceTags") or {}
        client = connect_to(aws_access_key_id=self._account, region_name=self._region).ecs
        arns = list(target.get("resourceArns") or [])
        cluster = arns[0].split("/")[1] if arns else given.get("cluster", "default")
        if not arns:
            where = {"serviceName": given["service"]} if given.get("service") else {}
            arns = client.list_tasks(cluster=cluster, desiredStatus="RUNNING", **where)["taskArns"]
        if not arns:
            return []
        told = client.describe_tasks(cluster=cluster, tasks=arns, include=["TAGS"])["tasks"]
        return [
            it["taskArn"]
            for it in told
            if tags.items() <= {tag["key"]: tag["value"] for tag in it.get("tags", [])}.items()
            and (not on_spot or it.get("capacityProviderName") == SPOT)
        ]

    def stop(self, role: str, task: str) -> None:
        """Stop a task as the role, which needs ecs:StopTask."""
        acting = connect_to.with_assumed_role(role_arn=role, service_principal=PRINCIPAL, region_name=self._region)
        acting.ecs.stop_task(cluster=task.split("/")[1], task=task, reason="AWS FIS")

    def interrupt(self, task: str) -> None:
        """Interrupt a task on Spot, whichever fleet it is of."""
        for fleet in ecs.fleets():
            if any(task in region.tasks for region in fleet.regions()):
                interrupt(fleet, Interruption(task=task))
                return
        raise LookupError(f"no task {task} runs on Spot")

    def take_on(self, role: str) -> None:
        """Take the role on as FIS does: its trust policy must name fis.amazonaws.com."""
        connect_to.with_assumed_role(role_arn=role, service_principal=PRINCIPAL, region_name=self._region)

    def is_in_alarm(self, alarm: str) -> bool:
        """Whether an alarm, by its ARN, is in ALARM."""
        client = connect_to(aws_access_key_id=self._account, region_name=self._region).cloudwatch
        found = client.describe_alarms(AlarmNames=[alarm.rpartition(":alarm:")[2]], StateValue="ALARM")
        return bool(found["MetricAlarms"] or found.get("CompositeAlarms"))


class Fis:
    """Templates and experiments by account and region."""

    def __init__(self) -> None:
        """Hold none."""
        self._templates: defaultdict[tuple[str, str], dict[str, dict[str, Any]]] = defaultdict(dict)
        self._experiments: defaultdict[tuple[str, str], dict[str, Experiment]] = defaultdict(dict)

    def create_template(self, context: RequestContext, request: ServiceRequest) -> Any:
        """Keep a template that makes sense."""
        template = {name: request[name] for name in FIELDS if name in request}
        _check(template)
        template |= {"id": f"EXT{uuid.uuid4().hex[:14]}"}
        template["arn"] = _arn(context, "experiment-template", template["id"])
        self._templates[_place(context)][template["id"]] = template
        return {"experimentTemplate": template}

    def update_template(self, context: RequestContext, request: ServiceRequest) -> Any:
        """Change a template, if it makes sense afterwards."""
        template = self._template(context, request["id"])
        changed = {**template, **{name: request[name] for name in FIELDS if name in request}}
        _check(changed)
        template.update(changed)
        return {"experimentTemplate": template}

    def get_template(self, context: RequestContext, request: ServiceRequest) -> Any:
        """Return a template."""
        return {"experimentTemplate": self._template(context, request["id"])}

    def list_templates(self, context: RequestContext, _request: ServiceRequest) -> Any:
        """Return all, in short."""
        kept = self._templates[_place(context)].values()
        return {"experimentTemplates": [{name: it.get(name) for name in ("id", "arn", "description")} for it in kept]}

    def delete_template(self, context: RequestContext, request: ServiceRequest) -> Any:
        """Remove a template; its experiments go on."""
        template = self._template(context, request["id"])
        del self._templates[_place(context)][request["id"]]
        return {"experimentTemplate": template}

    def start(self, context: RequestContext, request: ServiceRequest) -> Any:
        """Begin an experiment."""
        template = dict(self._template(context, request["experimentTemplateId"]))
        world = Cloud(context.account_id, context.region)
        experiment = Experiment(f"EXP{uuid.uuid4().hex[:14]}", template, world, RULES)
        self._experiments[_place(context)][experiment.id] = experiment
        experiment.start()
        return {"experiment": _told(context, experiment)}

    def stop(self, context: RequestContext, request: ServiceRequest) -> Any:
        """End an experiment."""
        experiment = self._experiment(context, request["id"])
        experiment.stop()
        return {"experiment": _told(context, experiment)}

    def get(self, context: RequestContext, request: ServiceRequest) -> Any:
        """Return an experiment."""
        return {"experiment": _told(context, self._experiment(context, request["id"]))}

    def list(self, context: RequestContext, _request: ServiceRequest) -> Any:
        """Return all, in short."""
        names = ("id", "arn", "experimentTemplateId", "state", "creationTime")
        told = [_told(context, it) for it in self._experiments[_place(context)].values()]
        return {"experiments": [{name: it[name] for name in names} for it in told]}

    def _template(self, context: RequestContext, identity: str) -> dict[str, Any]:
        found = self._templates[_place(context)].get(identity)
        if found is None:
            raise CommonServiceException("ResourceNotFoundException", f"There is no template {identity}.", 404)
        return found

    def _experiment(self, context: RequestContext, identity: str) -> Experiment:
        found = self._experiments[_place(context)].get(identity)
        if found is None:
            raise CommonServiceException("ResourceNotFoundException", f"There is no experiment {identity}.", 404)
        return found


def list_actions(_context: RequestContext, _request: ServiceRequest) -> Any:
    """Tell the actions that act."""
    return {"actions": [_action(kind) for kind in sorted(templates.ACTIONS)]}


def get_action(_context: RequestContext, request: ServiceRequest) -> Any:
    """Tell of one."""
    if request["id"] not in templates.ACTIONS:
        raise CommonServiceException("ResourceNotFoundException", f"The action {request['id']} is not emulated.", 404)
    return {"action": _action(request["id"])}


def make() -> Service:
    """Make the service."""
    fis = Fis()
    operations = {
        "CreateExperimentTemplate": fis.create_template,
        "UpdateExperimentTemplate": fis.update_template,
        "GetExperimentTemplate": fis.get_template,
        "ListExperimentTemplates": fis.list_templates,
        "DeleteExperimentTemplate": fis.delete_template,
        "StartExperiment": fis.start,
        "StopExperiment": fis.stop,
        "GetExperiment": fis.get,
        "ListExperiments": fis.list,
        "ListActions": list_actions,
        "GetAction": get_action,
    }
    return Service("fis", skeleton=Skeleton(load_service("fis"), operations))


def _action(kind: str) -> dict[str, Any]:
    key, resource_type = templates.ACTIONS[kind]
    return {"id": kind, "targets": {key: {"resourceType": resource_type}} if key else {}}


def _check(template: Mapping[str, Any]) -> None:
    try:
        templates.check(template)
    except templates.InvalidTemplate as error:
        raise CommonServiceException("ValidationException", str(error), 400, sender_fault=True) from None


def _told(context: RequestContext, experiment: Experiment) -> dict[str, Any]:
    template = experiment.template
    times = {"creationTime": experiment.created, "startTime": experiment.begun, "endTime": experiment.ended}
    return {
        "id": experiment.id,
        "arn": _arn(context, "experiment", experiment.id),
        "experimentTemplateId": template["id"],
        "roleArn": template["roleArn"],
        "state": {"status": experiment.status, **({"reason": experiment.reason} if experiment.reason else {})},
        "targets": template.get("targets", {}),
        "actions": {
            name: {**action, "state": {"status": experiment.states[name]}}
            for name, action in template["actions"].items()
        },
        "stopConditions": template.get("stopConditions", []),
        "tags": template.get("tags", {}),
        **{name: value for name, value in times.items() if value},
    }


def _place(context: RequestContext) -> tuple[str, str]:
    return context.account_id, context.region


def _arn(context: RequestContext, kind: str, identity: str) -> str:
    return f"arn:aws:fis:{context.region}:{context.account_id}:{kind}/{identity}"
