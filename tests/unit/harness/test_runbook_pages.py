"""What the runbooks say of alarms, events, options and files is so."""

import re
import subprocess
from pathlib import Path

import pytest

from emulator.harness.places import ROOT
from infra_cdk.synthesis import synthesise
from tests.unit.harness.pages import OPERATIONS, TROUBLESHOOTING, blocks, fields, sections
from tests.unit.infra.template import Assembly

PAGES = [OPERATIONS, TROUBLESHOOTING]
ALL_PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def alarms() -> list[str]:
    assembly = Assembly(synthesise())
    return [it["AlarmName"] for it in assembly.templates["HuntazeObservability"].properties("AWS::CloudWatch::Alarm")]


@pytest.mark.requirement("5.5")
def test_every_alarm_has_its_page_and_no_other() -> None:
    """Meaning, first look, remedy; a new alarm without them fails here."""
    told = {title: text for title, text in sections(TROUBLESHOOTING).items() if re.fullmatch("[a-z0-9_]+", title)}

    assert set(told) == set(alarms())
    for name, text in told.items():
        for part in ("**Means**", "**Look first**", "**Then**"):
            assert part in text, f"{name} does not tell {part}"


def test_every_event_that_a_query_names_is_logged() -> None:
    """Each name stands in the source."""
    source = "".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    for query in blocks(TROUBLESHOOTING, "scraper"):
        lines = [line for line in query.splitlines() if " event " in line and "filter" in line]
        for name in (name for line in lines for name in re.findall(r'"([a-z]+_[a-z_]+)"', line)):
            assert f'"{name}"' in source, f"nothing logs {name}"


def test_the_fields_of_a_query_are_found() -> None:
    """What is no word of the language, no text and no name given in the query."""
    query = 'filter event = "job_ended" and ispresent(size)\n| stats pct(duration_ms, 95) as p95_ms by action, bin(1m)'
    assert fields(query) == {"event", "size", "duration_ms", "action"}


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.stem)
def test_every_link_leads_somewhere(page: Path) -> None:
    """To a file, and to a heading where one is named."""
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        aim = (page.parent / file).resolve() if file else page
        assert aim.exists(), f"{page.name} links to {target}"
        if not anchor:
            continue
        headings = re.findall(r"^#+ (.+)$", aim.read_text(), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", it.lower()).replace(" ", "-") for it in headings}
        assert anchor in anchors, f"{page.name} links to {target}"


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.stem)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    """A path in backticks that looks like one of ours."""
    for path in re.findall(
        r"`((?:src|infra_cdk|docs|fake_onlyfans|scripts|emulator|tests)/[\w./-]+)`", page.read_text()
    ):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("script", ["deploy-onlyfans-scraper.sh", "build-scraper-image.sh"])
def test_every_option_of_a_script_that_a_page_names_is_one(script: str) -> None:
    """As the script's own help tells them."""
    pages = [*PAGES, ROOT / "docs" / "upgrading.md"]
    text = "\n".join(page.read_text() for page in pages)
    used = {option for line in re.findall(rf"{script}(.*)", text) for option in re.findall(r"--[a-z-]+", line)}
    told = subprocess.run([ROOT / "scripts" / script, "--help"], capture_output=True, text=True, check=True).stdout
    assert used <= set(re.findall(r"--[a-z-]+", told))
