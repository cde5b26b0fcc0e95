"""Computes metric data queries: metrics from the store, and expressions over them."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from localprocs.alarms import search
from localprocs.alarms.expressions import ExpressionError, parse
from localprocs.alarms.math_functions import FUNCTIONS
from localprocs.alarms.metric_math import Scope, Series, Value, compute
from localprocs.alarms.metrics import MINUTE, Metric, MetricStore

type Query = Mapping[str, Any]
"""A MetricDataQuery as the API has it."""


class Queries:
    """The queries of one request or alarm, computed when asked for, each once."""

    def __init__(  # noqa: D107
        self, store: MetricStore, queries: Sequence[Query], start: int, end: int, *, may_search: bool = False
    ) -> None:
        self._store = store
        self._queries = {str(query["Id"]): query for query in queries}
        self._start = start
        self._end = end
        self._may_search = may_search
        self._values: dict[str, Value] = {}
        self._under_way: list[str] = []

    @cached_property
    def period(self) -> int:
        """Return the period of the expressions: that of the first metric, else that of the first expression."""
        periods = [query["MetricStat"]["Period"] for query in self._queries.values() if "MetricStat" in query]
        return int(
            next(
                iter([*periods, *(query["Period"] for query in self._queries.values() if query.get("Period"))]), MINUTE
            )
        )

    def value(self, query_id: str) -> Value:
        """Return a query's value. Raises KeyError for an unknown Id, ExpressionError for what cannot be computed."""
        if query_id not in self._values:
            if query_id in self._under_way:
                message = f"Circular reference: {' -> '.join([*self._under_way, query_id])}"
                raise ExpressionError(message)
            self._under_way.append(query_id)
            try:
                self._values[query_id] = self._computed(self._queries[query_id])
            finally:
                self._under_way.pop()
        return self._values[query_id]

    def _computed(self, query: Query) -> Value:
        if "MetricStat" in query:
            return self._metric(query)
        label = query.get("Label")
        if str(query.get("Expression", "")).lstrip()[:6].upper() == "SELECT":
            message = "Metrics Insights queries are not emulated"
            raise ExpressionError(message)
        value = compute(parse(query["Expression"]), self._scope(query))
        if isinstance(value, Series):
            return Series(value.points, value.period, label or str(query["Id"]), str(query["Id"]))
        return value

    def _metric(self, query: Query) -> Series:
        stat = query["MetricStat"]
        metric = stat["Metric"]
        points = self._store.series(
            Metric.of(metric["Namespace"], metric["MetricName"], metric.get("Dimensions")),
            stat["Stat"],
            stat["Period"],
            self._start,
            self._end,
            stat.get("Unit"),
        )
        return Series(points, stat["Period"], query.get("Label") or metric["MetricName"], str(query["Id"]))

    def _scope(self, query: Query) -> Scope:
        metrics = [each_id for each_id, each in self._queries.items() if "MetricStat" in each]
        return Scope(
            start=self._start,
            end=self._end,
            period=int(query.get("Period") or self.period),
            metrics=[value for each_id in metrics if isinstance(value := self.value(each_id), Series)],
            lookup=self.value,
            search=self._search if self._may_search else None,
            functions=FUNCTIONS,
        )

    def _search(self, text: str, statistic: str, period: int) -> list[Series]:
        found = search.matching(text, self._store.metrics())
        return [
            Series(
                self._store.series(metric, statistic, period, self._start, self._end),
                period,
                search.label(metric, found),
            )
            for metric in found
        ]
