"""``status``, ``send`` and ``logs``: a running harness, looked at and fed."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from emulator.harness import log_groups, places, run_file
from emulator.harness.clients import http_client
from emulator.harness.errors import HarnessError
from emulator.harness.pipeline import Pipeline
from emulator.harness.run_file import Run
from huntaze_scraper import jobs
from huntaze_scraper.errors import InvalidJob
from huntaze_scraper.operations.cli.options import Json
from huntaze_scraper.operations.cli.screen import console, print_json

if TYPE_CHECKING:
    from mypy_boto3_sqs.literals import QueueAttributeNameType

QUEUES = ("ingress_queue", "ingress_dlq", "workflows_queue", "workflows_dlq")
_COUNTS: "dict[str, QueueAttributeNameType]" = {
    "visible": "ApproximateNumberOfMessages",
    "in_flight": "ApproximateNumberOfMessagesNotVisible",
    "delayed": "ApproximateNumberOfMessagesDelayed",
}


def status(*, json: Json = False) -> None:
    """Show queues, tasks and alarms."""
    run = _running()
    queues = {name: _depths(run, getattr(run, f"{name}_url")) for name in QUEUES}
    service = run.clients.ecs.describe_services(cluster=run.ecs_cluster, services=[run.ecs_service])["services"][0]
    alarms = {it["AlarmName"]: it["StateValue"] for it in run.clients.cloudwatch.describe_alarms()["MetricAlarms"]}
    tasks = {"desired": service["desiredCount"], "running": service["runningCount"], "pending": service["pendingCount"]}
    clock = http_client.get(f"{run.control_url}/clock").raise_for_status().json()
    if json:
        print_json(
            {
                "queues": queues,
                "tasks": tasks,
                "alarms": alarms,
                "site_url": run.site_url,
                "aws_endpoint_url": run.aws_endpoint_url,
                "due": clock["due"],
            }
        )
        return
    table = Table("queue", "visible", "in flight", "delayed")
    for name, depths in queues.items():
        table.add_row(name.replace("_", " "), *(str(it) for it in depths.values()))
    console.print(table)
    console.print(f"tasks: {tasks['running']} of {tasks['desired']} running, {tasks['pending']} pending")
    loud = [name for name, state in alarms.items() if state == "ALARM"]
    console.print(f"alarms: [red]{', '.join(loud)}[/]" if loud else f"alarms: none of {len(alarms)} in ALARM")
    console.print(f"AWS {run.aws_endpoint_url}  site {run.site_url}  logs {run.logs_dir}")
    console.print(next_due(clock["due"], clock["now"]), markup=False, highlight=False, soft_wrap=True)


def next_due(due: list[dict[str, Any]], now: float) -> str:
    """Say who waits for the next moment, as the control endpoint tells it, and when that is."""
    if not due:
        return "nobody waits on the clock"
    at = datetime.fromtimestamp(now + due[0]["seconds"], UTC)
    return f"next: {due[0]['who']} waits until {at:%Y-%m-%d %H:%M:%S} UTC, {max(due[0]['seconds'], 0):.1f} s from now; {len(due) - 1} more wait"


def send(
    job: Annotated[
        str,
        typer.Argument(help="The job as JSON, a file that holds it, or - for stdin. The timestamp may be left out."),
    ],
    *,
    json: Json = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the result; 0 does not wait.")] = 0,
) -> None:
    """Put a job on the ingress queue."""
    payload = _payload(job)
    pipeline = Pipeline(_running())
    try:
        sent = pipeline.send(payload)
    except InvalidJob as error:
        raise HarnessError(f"not sent: {error}") from error
    result = pipeline.await_results([sent], wait)[sent.job_id] if wait else None
    if json:
        print_json({"job_id": sent.job_id, "message_id": sent.message_id, "result": result})
    else:
        console.print(f"sent {sent.job_id}" + (f": {result['status']}" if result else ""))


def logs(
    part: Annotated[str, typer.Argument(help="limiter, scraper, emulator or site")] = "scraper",
    lines: Annotated[int, typer.Option(min=1, help="How many of the last lines.")] = 100,
) -> None:
    """Print the last log lines of a part."""
    run = _running()
    groups = {"limiter": f"/aws/lambda/{run.lambda_function}", "scraper": "/huntaze/production/onlyfans-scraper"}
    files = {"emulator": "emulator.log", "site": "site.log"}
    if part in files:
        file = Path(run.logs_dir) / files[part]
        found = file.read_text(errors="replace").splitlines() if file.exists() else []
    elif part in groups:
        found = log_groups.lines(groups[part], run.clients)
    else:
        raise HarnessError(f"there is no part {part!r}; there are {', '.join([*groups, *files])}")
    for line in found[-lines:]:
        print(line)  # noqa: T201 - logs are this verb's output


def _running() -> Run:
    return run_file.read(places.state_directory() / "run.json")


def _depths(run: Run, url: str) -> dict[str, int]:
    found = run.clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS.values()))["Attributes"]
    return {name: int(found[attribute]) for name, attribute in _COUNTS.items()}


def _payload(text: str) -> dict[str, Any]:
    if text == "-":
        body = sys.stdin.buffer.read()
    elif text.lstrip().startswith(("{", "[")):
        body = os.fsencode(text)
    else:
        try:
            body = Path(text).read_bytes()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "no file can be called so"
            raise HarnessError(
                f"not sent: {text[:80]!r} is neither a JSON object nor a readable file ({why})"
            ) from None
    try:
        return jobs.read(body)
    except InvalidJob as error:
        raise HarnessError(f"not sent: {error}") from None
