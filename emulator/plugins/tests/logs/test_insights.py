"""Queries of Logs Insights find what AWS's would."""

import json
from typing import Any

import pytest
from localprocs.logs.insights.errors import MalformedQuery
from localprocs.logs.insights.events import row_of
from localprocs.logs.insights.query import parse

BEGIN = 1_800_000_000_000
"""2027-01-15 08:00:00, in milliseconds."""
JOBS = [
    {
        "event": "ended",
        "status": "ok",
        "duration_ms": 100,
        "action": "send",
        "user": {"name": "ann", "tags": ["x", "y"]},
    },
    {"event": "ended", "status": "ok", "duration_ms": 300, "action": "read", "user": {"name": "bob"}},
    {"event": "ended", "status": "failed", "duration_ms": 50, "action": "send", "reason": "time-out"},
    {"event": "began", "action": "send", "ok": True},
]
REPORT = (
    "REPORT RequestId: 3a-b\tDuration: 12.50 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\t"
    "Max Memory Used: 60 MB\tInit Duration: 200.00 ms\t\n"
)


def rows(*messages: Any) -> list[dict[str, Any]]:
    """Make events, a minute apart."""
    return [
        row_of(
            it if isinstance(it, str) else json.dumps(it),
            at=BEGIN + 60_000 * n,
            stream="s",
            group="g",
            account="1",
            ptr=n,
        )
        for n, it in enumerate(messages)
    ]


def ask(query: str, *messages: Any) -> list[dict[str, str]]:
    """Run a query over events; rows without their pointers."""
    answer = parse(query).run(rows(*(messages or JOBS)))
    return [{cell["field"]: cell["value"] for cell in row if cell["field"] != "@ptr"} for row in answer]


def column(query: str, *messages: Any) -> list[str | None]:
    """Run a query that shows one field."""
    return [next(iter(row.values()), None) for row in ask(query, *messages)]


def test_without_fields_time_and_message_are_shown_newest_first() -> None:
    """And each event has a pointer."""
    answer = parse("limit 2").run(rows("a", "b", "c"))
    assert [[cell["field"] for cell in row] for row in answer] == [["@timestamp", "@message", "@ptr"]] * 2
    assert [row[1]["value"] for row in answer] == ["c", "b"]
    assert answer[0][0]["value"] == "2027-01-15 08:02:00.000"


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('status = "ok"', ["300", "100"]),
        ("status = 'ok' and duration_ms > 100", ["300"]),
        ("duration_ms >= 100 or status = 'failed'", ["50", "300", "100"]),
        ("not (status = 'ok')", [None, "50"]),
        ("duration_ms < 100", ["50"]),
        ("status != 'ok'", ["50"]),
        ("ispresent(duration_ms)", ["50", "300", "100"]),
        ("ispresent(duration_ms) and ispresent(reason)", ["50"]),
        ("action in ['read', \"write\"]", ["300"]),
        ("status not in ['ok']", [None, "50"]),
        ("@message like /time-?out/", ["50"]),
        ("@message like 'time-out'", ["50"]),
        ("@message =~ /(?i)TIME/", ["50"]),
        ("@message not like /ended/", [None]),
        ("user.name = 'ann'", ["100"]),
        ("user.tags.1 = 'y'", ["100"]),
        ("`user.name` = 'bob'", ["300"]),
        ("duration_ms / 100 = 3", ["300"]),
        ("duration_ms % 100 = 50 # a comment", ["50"]),
        ("ok = 1", [None]),
        ("strlen(reason) = 8", ["50"]),
        ("@logStream = 's' and @log = '1:g' and duration_ms = 50", ["50"]),
    ],
)
def test_a_filter(condition: str, found: list[str | None]) -> None:
    """Comparisons, their combinations, sets, texts, regular expressions, what lies inside documents."""
    assert column(f"fields duration_ms | filter {condition}") == found


@pytest.mark.parametrize(
    ("aggregation", "told"),
    [
        ("count(*)", "4"),
        ("count(status)", "3"),
        ("count_distinct(status)", "2"),
        ("sum(duration_ms)", "450"),
        ("avg(duration_ms)", "150"),
        ("min(duration_ms)", "50"),
        ("max(duration_ms)", "300"),
        ("pct(duration_ms, 50)", "100"),
        ("pct(duration_ms, 95)", "300"),
        ("stddev(duration_ms)", "108.0123"),
        ("earliest(duration_ms)", "100"),
        ("latest(duration_ms)", "50"),
        ("sortsFirst(action)", "read"),
        ("sortsLast(action)", "send"),
        ("sum(duration_ms / 1000)", "0.45"),
        ("avg(nothing)", None),
    ],
)
def test_stats(aggregation: str, told: str | None) -> None:
    """Each aggregation, of those events that have the field."""
    assert column(f"stats {aggregation} as found") == [told]


def test_stats_by_groups() -> None:
    """A row a group, the group's values first; what has no value of it is a group, too."""
    assert ask("stats count(*) as jobs, avg(duration_ms) as average_ms by action, status | sort action, status") == [
        {"action": "read", "status": "ok", "jobs": "1", "average_ms": "300"},
        {"action": "send", "jobs": "1"},
        {"action": "send", "status": "failed", "jobs": "1", "average_ms": "50"},
        {"action": "send", "status": "ok", "jobs": "1", "average_ms": "100"},
    ]


def test_stats_by_time() -> None:
    """In periods that begin at whole ones; the name of what has none is its text."""
    assert ask("filter event = 'ended' | stats count(*) by bin(2m) | sort bin(2m)") == [
        {"bin(2m)": "2027-01-15 08:00:00.000", "count(*)": "2"},
        {"bin(2m)": "2027-01-15 08:02:00.000", "count(*)": "1"},
    ]


def test_stats_of_stats() -> None:
    """A second one counts what the first has made."""
    query = "stats count(*) as jobs by action | stats max(jobs) as most, count(*) as actions"
    assert ask(query) == [{"most": "3", "actions": "2"}]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sort n", ["a2", "a10", "2", "10"]),
        ("sort n desc", ["10", "2", "a10", "a2"]),
        ("sort n desc | limit 1", ["10"]),
        ("sort strlen(n), n desc", ["2", "10", "a2", "a10"]),
    ],
)
def test_sort_and_limit(query: str, found: list[str]) -> None:
    """Texts before numbers, and numbers within texts by their size; several keys, the first first."""
    assert column(f"fields n | {query}", *({"n": n} for n in ("10", "a10", "2", "a2"))) == found


@pytest.mark.parametrize(
    "command",
    [
        'parse @message "[*] * took *ms" as level, what, took',
        "parse @message /\\[(?<level>\\w+)\\] (?<what>.*) took (?<took>\\d+)ms/",
        "parse @message /\\[(\\w+)\\] (.*) took (\\d+)ms/ as level, what, took",
    ],
)
def test_parse(command: str) -> None:
    """By a glob or a regular expression; what does not match has no such fields."""
    found = ask(f"{command} | filter took > 5 | display level, what, took", "[INFO] the job took 12ms", "nothing")
    assert found == [{"level": "INFO", "what": "the job", "took": "12"}]


def test_fields_can_be_computed_and_named() -> None:
    """And used by what comes after."""
    query = "fields duration_ms / 1000 as seconds, concat(action, '-', status) as what | filter seconds >= 0.1 | sort seconds"
    assert ask(query) == [{"seconds": "0.1", "what": "send-ok"}, {"seconds": "0.3", "what": "read-ok"}]


def test_display_shows_nothing_else_and_dedup_keeps_the_first() -> None:
    """Whatever fields named before."""
    assert ask("fields @timestamp, status | dedup action | display action") == [{"action": "send"}, {"action": "read"}]


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (
            REPORT,
            {
                "@type": "REPORT",
                "@requestId": "3a-b",
                "@duration": "12.5",
                "@billedDuration": "13",
                "@memorySize": "128000000",
                "@maxMemoryUsed": "60000000",
                "@initDuration": "200",
            },
        ),
        ("START RequestId: 3a-b Version: $LATEST\n", {"@type": "START", "@requestId": "3a-b"}),
    ],
)
def test_lines_of_lambdas_platform_have_fields(line: str, fields: dict[str, str]) -> None:
    """Those that Insights discovers."""
    assert ask(f"display {', '.join(fields)}", line) == [fields]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("filter", "end of the query"),
        ("find x", "no command"),
        ("pattern @message", "not emulated"),
        ("filter a = ", "end of the query"),
        ("filter a ! 1", "unexpected symbol"),
        ("fields a b", "unexpected symbol found b"),
        ("limit many", "limit needs a number"),
        ("stats total(a)", "unknown aggregation"),
        ("fields shout(a)", "unknown function"),
        ("parse '*' as a, b", "names 2 fields"),
        ("filter a like /(/", "regular expression"),
        ("stats count(*) by bin(5)", "no period"),
        ("fields a |", "end of the query"),
    ],
)
def test_what_is_not_understood_is_refused(query: str, said: str) -> None:
    """With what is wrong, never with an empty answer."""
    with pytest.raises(MalformedQuery, match=said):
        parse(query)
