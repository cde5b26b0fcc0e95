"""The runbooks as programs read them."""

import re
from pathlib import Path

from emulator.harness.places import ROOT

RUNBOOKS = ROOT / "docs" / "runbooks"
OPERATIONS = RUNBOOKS / "onlyfans-scraper-operations.md"
UPGRADING = ROOT / "docs" / "upgrading.md"
TROUBLESHOOTING = RUNBOOKS / "onlyfans-scraper-troubleshooting.md"

_WORDS_OF_THE_LANGUAGE = frozenset(
    [
        "fields",
        "filter",
        "sort",
        "stats",
        "limit",
        "by",
        "desc",
        "asc",
        "and",
        "or",
        "not",
        "in",
        "as",
        "like",
        "count",
        "avg",
        "sum",
        "min",
        "max",
        "pct",
        "bin",
        "ispresent",
    ]
)


def blocks(page: Path, tag: str) -> list[str]:
    """Return the page's fenced blocks with the tag."""
    return re.findall(rf"^```{tag}\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)


def fields(query: str) -> set[str]:
    """Return the fields that a Logs Insights query asks for; those that begin with @ every group has."""
    bare = re.sub(r'"[^"]*"', "", query)
    named = set(re.findall(r"\bas (\w+)", bare))
    words = set(re.findall(r"(?<![@\w])[a-z_]\w*", bare))
    return words - named - _WORDS_OF_THE_LANGUAGE


def sections(page: Path) -> dict[str, str]:
    """Return the text below each heading of the third level."""
    parts = re.split(r"^(#{1,3}) (.+)$", page.read_text(), flags=re.MULTILINE)
    return {
        title: text for level, title, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True) if level == "###"
    }
