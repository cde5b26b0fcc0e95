"""The emulated CloudWatch Logs as files: what the limiter and the scraper said outlives the emulator."""

from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from emulator.harness.clients import Clients


def lines(group: str, clients: Clients, since: float = 0) -> list[str]:
    """Return the group's lines from that moment on (seconds since the epoch) in order of time."""
    asked = clients.logs.get_paginator("filter_log_events")
    pages = asked.paginate(logGroupName=group, startTime=int(since * 1000))
    return [event["message"].rstrip("\n") for page in pages for event in page["events"]]


def save(clients: Clients, directory: Path) -> None:
    """Write every log group to a file named for its last part; what cannot be read is left out."""
    try:
        for group in clients.logs.describe_log_groups()["logGroups"]:
            name = group["logGroupName"]
            (directory / f"{name.rpartition('/')[2]}.log").write_text("\n".join(lines(name, clients)) + "\n")
    except (BotoCoreError, ClientError) as error:
        (directory / "log-groups.error").write_text(f"{error}\n")
