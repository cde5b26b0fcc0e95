"""New lines of all log groups, as ``aws logs tail --follow`` would tell them."""

from collections.abc import Callable
from typing import Any


class LogFollower:
    """Tells each event once, with its group."""

    def __init__(self, logs: Any, tell: Callable[[str], None]) -> None:
        """Follow by this client, from the beginning."""
        self._logs, self._tell = logs, tell
        self._sizes: dict[str, int] = {}
        self._told: dict[str, tuple[int, frozenset[str]]] = {}
        """By group: the newest moment, and the events of it that have been told."""

    def look(self) -> None:
        """Tell what is new since the last look."""
        for page in self._logs.get_paginator("describe_log_groups").paginate():
            for group in page["logGroups"]:
                name, size = group["logGroupName"], group.get("storedBytes", 0)
                if self._sizes.get(name) != size:
                    self._sizes[name] = size
                    self._follow(name)

    def _follow(self, group: str) -> None:
        since, told = self._told.get(group, (0, frozenset()))
        for page in self._logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since):
            for event in page["events"]:
                if event["eventId"] in told:
                    continue
                self._tell(f"{group}: {event['message'].rstrip()}")
                told = told | {event["eventId"]} if event["timestamp"] == since else frozenset({event["eventId"]})
                since = event["timestamp"]
        self._told[group] = (since, told)
