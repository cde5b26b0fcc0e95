"""A query: commands, each of which makes rows of rows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from localprocs.logs.insights import parsing
from localprocs.logs.insights.aggregates import Aggregate, aggregate
from localprocs.logs.insights.errors import MalformedQuery
from localprocs.logs.insights.expressions import Expression, expression
from localprocs.logs.insights.reader import END, Reader
from localprocs.logs.insights.values import TIMES, Row, order, text

DEFAULT_LIMIT = 10_000
DEFAULT_FIELDS = ("@timestamp", "@message")
NOT_EMULATED = ("anomaly", "diff", "filterindex", "join", "lookup", "pattern", "unmask", "unnest", "source")

type Step = Callable[[list[Row]], list[Row]]


@dataclass
class Query:
    """A query that was understood."""

    steps: list[Step] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    is_aggregated: bool = False
    is_displayed: bool = False
    is_sorted: bool = False
    limit: int = DEFAULT_LIMIT

    def run(self, events: Iterable[Row]) -> list[list[dict[str, str]]]:
        """Return the rows of the answer, newest first where the query sorts by nothing.

        Raises:
            MalformedQuery: a function was given too few or too many values.
        """
        rows = sorted(events, key=lambda row: row["@timestamp"], reverse=True)
        for step in self.steps:
            rows = step(rows)
        names = self.shown or list(DEFAULT_FIELDS)
        return [self._told(row, names) for row in rows[: self.limit]]

    def _told(self, row: Row, names: Sequence[str]) -> list[dict[str, str]]:
        told = [{"field": name, "value": text(row[name])} for name in names if row.get(name) is not None]
        return told if self.is_aggregated else [*told, {"field": "@ptr", "value": text(row["@ptr"])}]


def parse(written: str) -> Query:
    """Understand a query.

    Raises:
        MalformedQuery: it makes no sense, or asks for what is not emulated; the text says which.
    """
    reader, query = Reader(written), Query()
    while reader.peek() is not END:
        command = reader.take()
        read = _COMMANDS.get(command.text.lower())
        if read is None:
            why = "is not emulated" if command.text.lower() in NOT_EMULATED else "is no command"
            raise MalformedQuery(f"unexpected symbol found {command.text}: it {why}")
        read(reader, query)
        if reader.peek() is not END:
            reader.expect("|")
            if reader.peek() is END:
                raise MalformedQuery("unexpected end of the query after |")
    return query


def _fields(reader: Reader, query: Query) -> None:
    added = [name for name, _ in _named(reader, query)]
    if not query.is_displayed:
        query.shown += [name for name in added if name not in query.shown]


def _display(reader: Reader, query: Query) -> None:
    query.shown = [name for name, _ in _named(reader, query)]
    query.is_displayed = True


def _named(reader: Reader, query: Query) -> list[tuple[str, Expression]]:
    """Read fields with what computes them, and have those that are computed put into the rows."""
    found = list(_listed(reader))
    computed = [(name, value) for name, value, is_plain in found if not is_plain]
    if computed:
        query.steps.append(lambda rows: [{**row, **{name: value(row) for name, value in computed}} for row in rows])
    return [(name, value) for name, value, _ in found]


def _listed(reader: Reader) -> Iterable[tuple[str, Expression, bool]]:
    while True:
        begin = reader.position()
        value = expression(reader)
        written = reader.since(begin)
        is_plain = len(written) == 1 and written[0].kind in ("word", "ticked")
        name = "".join(token.text for token in written).strip("`")
        if reader.skip("as"):
            name, is_plain = reader.name(), False
        yield name, value, is_plain
        if not reader.skip(","):
            return


def _filter(reader: Reader, query: Query) -> None:
    condition = expression(reader)
    query.steps.append(lambda rows: [row for row in rows if condition(row)])


def _parse(reader: Reader, query: Query) -> None:
    step, names = parsing.parse(reader)
    query.steps.append(step)
    if not query.is_displayed:
        query.shown += [name for name in (*(() if query.shown else DEFAULT_FIELDS), *names) if name not in query.shown]


def _sort(reader: Reader, query: Query) -> None:
    keys: list[tuple[Expression, bool]] = []
    while True:
        begin = reader.position()
        value = expression(reader)
        # What stats has computed is called as it was written there.
        name = "".join(token.text for token in reader.since(begin))
        keys.append((partial(_named_or_computed, name, value), reader.skip("asc", "desc") == "desc"))
        if not reader.skip(","):
            break

    def step(rows: list[Row]) -> list[Row]:
        for value, is_descending in reversed(keys):
            rows = sorted(rows, key=lambda row, value=value: order(value(row)), reverse=is_descending)  # type: ignore[misc]
        return rows

    query.steps.append(step)


def _named_or_computed(name: str, value: Expression, row: Row) -> Any:
    return row[name] if name in row else value(row)


def _limit(reader: Reader, query: Query) -> None:
    token = reader.take()
    if token.kind != "number" or not token.text.isdigit() or not 0 < int(token.text) <= DEFAULT_LIMIT:
        raise MalformedQuery(f"limit needs a number from 1 to {DEFAULT_LIMIT}, not {token.text}")
    count = int(token.text)
    query.limit = count
    query.steps.append(lambda rows: rows[:count])


def _dedup(reader: Reader, query: Query) -> None:
    names = [reader.name()]
    while reader.skip(","):
        names.append(reader.name())

    def step(rows: list[Row]) -> list[Row]:
        first: dict[tuple[Any, ...], Row] = {}
        for row in rows:
            first.setdefault(tuple(row.get(name) and text(row[name]) for name in names), row)
        return list(first.values())

    query.steps.append(step)


def _stats(reader: Reader, query: Query) -> None:
    computed: list[tuple[str, Aggregate]] = []
    while True:
        begin = reader.position()
        name = reader.name()
        reader.expect("(")
        value = aggregate(name.lower(), reader)
        told = "".join(token.text for token in reader.since(begin))
        computed.append((reader.name() if reader.skip("as") else told, value))
        if not reader.skip(","):
            break
    groups = [(name, value) for name, value, _ in _listed(reader)] if reader.skip("by") else []
    query.steps.append(partial(_grouped, computed, groups))
    query.shown = [name for name, _ in (*groups, *computed)]
    query.is_aggregated, query.is_displayed = True, False


def _grouped(computed: list[tuple[str, Aggregate]], groups: list[tuple[str, Expression]], rows: list[Row]) -> list[Row]:
    members: dict[tuple[str | None, ...], list[Row]] = {}
    heads: dict[tuple[str | None, ...], Row] = {}
    if not groups:
        members[()], heads[()] = rows, {}
    for row in rows if groups else ():
        head = {name: value(row) for name, value in groups}
        key = tuple(None if value is None else text(value) for value in head.values())
        members.setdefault(key, []).append(row)
        heads[key] = head
    return [{**heads[key], **{name: value(found) for name, value in computed}} for key, found in members.items()]


_COMMANDS: dict[str, Callable[[Reader, Query], None]] = {
    "fields": _fields,
    "display": _display,
    "filter": _filter,
    "parse": _parse,
    "sort": _sort,
    "limit": _limit,
    "dedup": _dedup,
    "stats": _stats,
}

__all__ = ["TIMES", "MalformedQuery", "Query", "parse"]
