"""Which faults met which steps of our code, drawn as a table; an empty cell is a weakness, and is named."""

from collections import Counter

from rich.table import Table

GROUPS = {
    "killed": ("killed_before_call", "killed_after_call", "killed_at_step", "killed_at_request"),
    "lost": ("lost_request", "lost_answer"),
    "refused": ("refused", "throttled", "outage"),
    "slow": ("slow", "stalled"),
    "conflict": ("conflict",),
    "entry": ("failed_entry",),
    "SIGTERM": ("sigterm", "spot"),
    "frozen": ("frozen",),
    "5xx": ("site_error", "site_error_acted", "site_error_and_deleted"),
    "gateway": ("gateway_gave_up", "gateway_gave_up_acted_late"),
    "silent": ("no_answer", "no_answer_acted", "no_answer_acted_late", "reset"),
    "429": ("limited",),
    "odd": ("challenge", "odd_page", "refused_by_site", "page_crashed"),
}
"""The columns: kinds of faults that mean the same to the code that meets them."""
AT_STORES = ("killed", "lost", "refused", "slow")
AT_SITE = ("5xx", "gateway", "silent", "429", "odd")

type Coverage = Counter[tuple[str, str]]


def counts(coverage: Coverage) -> dict[str, Counter[str]]:
    """Return for each step how often each group of faults met it."""
    found: dict[str, Counter[str]] = {}
    for group, kinds in GROUPS.items():
        for (kind, step), count in coverage.items():
            if kind in kinds:
                found.setdefault(step, Counter())[group] += count
    return found


def table(coverage: Coverage) -> Table:
    """Draw the table."""
    drawn = Table("step", *GROUPS, box=None, header_style="bold")
    for step, met in sorted(counts(coverage).items()):
        drawn.add_row(step, *(str(met[group]) if met[group] else "[dim]·" for group in GROUPS))
    return drawn


def weaknesses(coverage: Coverage) -> list[str]:
    """Name the cells that are empty, of the faults that can meet the step at all."""
    named = []
    for step, met in sorted(counts(coverage).items()):
        for possible in (AT_STORES, AT_SITE):
            if any(met[group] for group in possible if group != "killed"):
                named += [f"{step} - {group}" for group in possible if not met[group]]
    return named
