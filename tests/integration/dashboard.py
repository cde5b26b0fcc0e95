"""A deployed dashboard, asked as the console asks it."""

import json
from collections.abc import Iterator
from typing import Any

type Widget = dict[str, Any]


def widgets(body: str) -> list[Widget]:
    """Return the widgets of a dashboard's body."""
    return list(json.loads(body)["widgets"])


def log_queries(body: str) -> Iterator[tuple[str, str]]:
    """Yield each query of logs with the group that it asks."""
    for widget in widgets(body):
        if widget["type"] == "log":
            source, _, query = widget["properties"]["query"].partition("|")
            yield source.split("'")[1], query


def queries(widget: Widget) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield each graph of a widget by its name, as the queries of a GetMetricData request that draws it alone."""
    rows = _rows(widget)
    metrics = {row["Id"]: row for row in rows if "MetricStat" in row}
    for row in rows:
        if row.pop("Hidden"):
            continue
        name = row.get("Label") or row.get("Expression") or row["MetricStat"]["Metric"]["MetricName"]
        needed = metrics.values() if "Expression" in row else []
        others = [{**_plain(it), "ReturnData": False} for it in needed]
        yield f"{widget['properties'].get('title')}: {name}", [*others, {**_plain(row), "ReturnData": True}]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("Hidden", "ReturnData")}


def _rows(widget: Widget) -> list[dict[str, Any]]:
    """Write the rows of a widget out: a dot repeats what stands above it."""
    defaults = widget["properties"]
    found: list[dict[str, Any]] = []
    above: list[str] = []
    for number, row in enumerate(defaults.get("metrics", [])):
        options = row[-1] if isinstance(row[-1], dict) else {}
        words = [
            above[place] if word == "." else word for place, word in enumerate(it for it in row if isinstance(it, str))
        ]
        common = {"Id": options.get("id", f"row{number}"), "Hidden": options.get("visible") is False}
        if "label" in options:
            common["Label"] = options["label"]
        if "expression" in options:
            found.append({**common, "Expression": options["expression"]})
            continue
        above = words
        namespace, name, *dimensions = words
        pairs = zip(dimensions[::2], dimensions[1::2], strict=True)
        found.append(
            {
                **common,
                "MetricStat": {
                    "Metric": {
                        "Namespace": namespace,
                        "MetricName": name,
                        "Dimensions": [{"Name": key, "Value": value} for key, value in pairs],
                    },
                    "Period": options.get("period", defaults.get("period", 300)),
                    "Stat": options.get("stat", defaults.get("stat", "Average")),
                },
            }
        )
    return found
