"""SEARCH expressions: {AWS/SQS,QueueName} MetricName="NumberOfMessagesSent" huntaze."""

import re
from collections.abc import Iterable, Sequence

from localprocs.alarms.expressions import ExpressionError
from localprocs.alarms.metrics import Metric

_SCHEMA = re.compile(r"\s*\{([^}]*)\}")
_TOKEN = re.compile(
    r"""\s*(?:(?P<mark>[()])|(?P<key>:?[\w./:-]+)\s*=\s*(?P<value>"[^"]*"|\([^)]*\)|\S+)|(?P<term>"[^"]*"|[^\s()]+))"""
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\W_]+")


def matching(text: str, metrics: Iterable[Metric]) -> list[Metric]:
    """Return the metrics that the search finds, in order of their labels. Raises ExpressionError."""
    namespace: str | None = None
    names: set[str] = set()
    if schema := _SCHEMA.match(text):
        namespace, *dimensions = (part.strip().strip('"') for part in schema[1].split(","))
        names, text = set(dimensions), text[schema.end() :]
    tokens = [found for found in _TOKEN.finditer(text) if found[0].strip()]
    found = [
        metric
        for metric in metrics
        if (namespace is None or (metric.namespace == namespace and {name for name, _ in metric.dimensions} == names))
        and _Terms(tokens, metric).hold()
    ]
    return sorted(found, key=lambda metric: (metric.name, metric.dimensions))


def label(metric: Metric, found: Sequence[Metric]) -> str:
    """Name a found metric by what tells it from the others."""
    parts = [] if len({each.name for each in found}) == 1 and metric.dimensions else [metric.name]
    same = set.intersection(*(set(each.dimensions) for each in found)) if len(found) > 1 else set()
    return " ".join([*(value for name, value in metric.dimensions if (name, value) not in same), *parts]) or metric.name


class _Terms:
    """The search's terms asked about one metric; terms side by side must all hold."""

    def __init__(self, tokens: Sequence[re.Match[str]], metric: Metric) -> None:
        self._tokens = tokens
        self._metric = metric
        self._place = 0

    def hold(self) -> bool:
        result = self._any()
        if self._place != len(self._tokens):
            message = "SEARCH: a parenthesis does not match"
            raise ExpressionError(message)
        return result

    def _any(self) -> bool:
        result = self._all()
        while self._peek() == "OR":
            self._place += 1
            result = self._all() or result
        return result

    def _all(self) -> bool:
        result = True
        while self._peek() not in ("", "OR", ")"):
            if self._peek() == "AND":
                self._place += 1
                continue
            result = self._negated() and result
        return result

    def _negated(self) -> bool:
        if self._peek() == "NOT":
            self._place += 1
            return not self._negated()
        token = self._tokens[self._place]
        self._place += 1
        if token["mark"] == "(":
            result = self._any()
            self._place += 1
            return result
        if token["key"]:
            values = token["value"].strip("()")
            return any(self._has(token["key"], value.strip()) for value in re.split(r"\s+OR\s+", values))
        return self._has("", token["term"])

    def _has(self, key: str, value: str) -> bool:
        metric = self._metric
        if key in ("MetricName", ":MetricName"):
            texts = [metric.name]
        elif key in ("Namespace", ":Namespace"):
            texts = [metric.namespace]
        elif key:
            texts = [each for name, each in metric.dimensions if name == key.removeprefix(":aws.Dimension.")]
        else:
            texts = [metric.namespace, metric.name, *(part for dimension in metric.dimensions for part in dimension)]
        if value.startswith('"'):
            return value.strip('"') in texts
        wanted = _words(value)
        return any(wanted <= _words(text) for text in texts)

    def _peek(self) -> str:
        return self._tokens[self._place][0].strip() if self._place < len(self._tokens) else ""


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}
