"""What happened around the jobs: alarms, scaling, deployments, tasks that ended, and the queues' metrics."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from huntaze_scraper import names
from huntaze_scraper.operations.incident.bundle import Queue, Verb
from huntaze_scraper.operations.incident.gathering import Gathering
from huntaze_scraper.operations.incident.raw import RawChange, RawReading, RawStep
from huntaze_scraper.settings import LimitSettings

METRICS = (
    "ApproximateNumberOfMessagesVisible",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateAgeOfOldestMessage",
)
PERIOD_SECONDS = 60
LONGEST_BY_MINUTE = 24 * 3600
"""A longer stretch is told by the hour: a capture that makes ten thousand readings tells nobody more."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


def gather_deployed(gathering: Gathering) -> None:
    """Add settings and digests of what is deployed."""
    raw, target = gathering.raw, gathering.target
    with gathering.part("the limiter's settings and code", "lambda:GetFunctionConfiguration"):
        found = target.clients.lambda_.get_function_configuration(FunctionName=target.lambda_function)
        variables = found.get("Environment", {}).get("Variables", {})
        told = {name: variables[name] for name in LimitSettings().to_env() if name in variables}
        raw.settings |= told | {"LINE_TABLE": variables.get("LINE_TABLE", "")}
        raw.digests["limiter_code"] = base64.b64decode(found.get("CodeSha256", "")).hex()
    for stack in names.PIPELINE_STACKS:
        with gathering.part(f"the template of {stack}", "cloudformation:GetTemplate"):
            body: Any = target.clients.cloudformation.get_template(StackName=stack)["TemplateBody"]
            text = body if isinstance(body, str) else json.dumps(body, sort_keys=True)
            raw.digests[f"template:{stack}"] = hashlib.sha256(text.encode()).hexdigest()


def gather_service(gathering: Gathering) -> None:
    """Add the service's deployments and tasks that ended, and the image that it runs."""
    raw, ecs = gathering.raw, gathering.target.clients.ecs
    with gathering.part("the service's deployments", "ecs:DescribeServices"):
        services = ecs.describe_services(cluster=names.CLUSTER, services=[names.SERVICE])["services"]
        for deployment in (it for service in services for it in service["deployments"]):
            _add(gathering, deployment["createdAt"], Verb.DEPLOY)
        definition = services[0]["taskDefinition"] if services else ""
        with gathering.part("the image", "ecs:DescribeTaskDefinition"):
            found = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
            raw.digests["image"] = _image_digest(found["containerDefinitions"][0]["image"])
    with gathering.part("tasks that ended", "ecs:ListTasks and ecs:DescribeTasks"):
        for page in ecs.get_paginator("list_tasks").paginate(
            cluster=names.CLUSTER, serviceName=names.SERVICE, desiredStatus="STOPPED"
        ):
            if page["taskArns"]:
                for task in ecs.describe_tasks(cluster=names.CLUSTER, tasks=page["taskArns"])["tasks"]:
                    _ended(gathering, task)
    if raw.begin < raw.captured_at - 3600:
        gathering.lack(
            "tasks that ended more than an hour before the capture", "ECS forgets them; the log has their lines"
        )


def _ended(gathering: Gathering, task: Mapping[str, Any]) -> None:
    at = task.get("stoppingAt") or task.get("stoppedAt")
    if at is None:
        return
    code = next((it["exitCode"] for it in task.get("containers", ()) if "exitCode" in it), None)
    why = task.get("stopCode", "")
    if why == "SpotInterruption":
        _add(gathering, at, Verb.INTERRUPT_SPOT, share=1.0)
    elif why == "EssentialContainerExited":
        _add(gathering, at, Verb.KILL_SCRAPER, **({"exit_code": code} if code is not None else {}))
    else:
        _add(gathering, at, Verb.STOP_TASK, reason=why)


def gather_scaling(gathering: Gathering) -> None:
    """Add each change of the service's count of tasks."""
    resource = f"service/{names.CLUSTER}/{names.SERVICE}"
    with gathering.part("scaling activities", "application-autoscaling:DescribeScalingActivities"):
        pages = gathering.target.clients.autoscaling.get_paginator("describe_scaling_activities").paginate(
            ServiceNamespace="ecs", ResourceId=resource
        )
        for page in pages:
            for activity in page["ScalingActivities"]:
                words = activity["Description"].replace(".", " ").split()
                desired = next((int(it) for it in reversed(words) if it.isdecimal()), None)
                if desired is not None:
                    _add(gathering, activity["StartTime"], Verb.SCALE, desired=desired)


def gather_alarms(gathering: Gathering) -> None:
    """Add the alarms' changes of state."""
    raw = gathering.raw
    with gathering.part("alarm history", "cloudwatch:DescribeAlarmHistory"):
        for at, alarm, before, after in alarm_changes(gathering, raw.begin, raw.end):
            raw.changes.append(RawChange(at=at, alarm=alarm, before=before, after=after))
        raw.changes.sort(key=lambda it: it.at)


def alarm_changes(gathering: Gathering, begin: float, end: float, alarm: str = "") -> list[tuple[float, str, str, str]]:
    """Return moment, name, state before and after of each change."""
    only: Any = {"AlarmName": alarm} if alarm else {}
    pages = gathering.target.clients.cloudwatch.get_paginator("describe_alarm_history").paginate(
        HistoryItemType="StateUpdate", StartDate=_date(begin), EndDate=_date(end), **only
    )
    found = []
    for page in pages:
        for item in page["AlarmHistoryItems"]:
            data = json.loads(item["HistoryData"])
            states = (data.get(name, {}).get("stateValue", "") for name in ("oldState", "newState"))
            found.append((item["Timestamp"].timestamp(), item["AlarmName"], *states))
    return found


def gather_metrics(gathering: Gathering) -> None:
    """Add the queues' metrics, by the minute."""
    raw, target = gathering.raw, gathering.target
    queues: dict[Queue, str] = {
        "ingress": target.ingress_queue_url,
        "workflows": target.workflows_queue_url,
        "ingress_dlq": target.ingress_dlq_url,
        "workflows_dlq": target.workflows_dlq_url,
    }
    asked = {
        f"m{place}": (metric, queue) for place, (metric, queue) in enumerate((m, q) for q in queues for m in METRICS)
    }
    period = PERIOD_SECONDS if raw.end - raw.begin <= LONGEST_BY_MINUTE else 3600
    queries: Any = [
        {
            "Id": id_,
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/SQS",
                    "MetricName": metric,
                    "Dimensions": [{"Name": "QueueName", "Value": queues[queue].rpartition("/")[2]}],
                },
                "Period": period,
                "Stat": "Maximum",
            },
        }
        for id_, (metric, queue) in asked.items()
    ]
    with gathering.part("the queues' metrics", "cloudwatch:GetMetricData"):
        pages = target.clients.cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=_date(raw.begin - period), EndTime=_date(raw.end + period)
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                metric, queue = asked[result["Id"]]
                raw.readings += [
                    RawReading(at=at.timestamp(), metric=metric, queue=queue, value=value)
                    for at, value in zip(result["Timestamps"], result["Values"], strict=True)
                ]
        raw.readings.sort(key=lambda it: it.at)


def _image_digest(image: str) -> str:
    """Return the digest that an image is named by; of one with a tag, which may say anything, the tag's own."""
    _, _, digest = image.rpartition("@sha256:")
    return digest if _SHA256.fullmatch(digest) else hashlib.sha256(image.rpartition(":")[2].encode()).hexdigest()


def _add(gathering: Gathering, at: datetime, verb: Verb, **arguments: Any) -> None:
    if gathering.raw.begin <= at.timestamp() <= gathering.raw.end:
        gathering.raw.steps.append(RawStep(at=at.timestamp(), verb=verb, arguments=arguments))


def _date(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
