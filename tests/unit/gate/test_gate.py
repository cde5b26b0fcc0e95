"""What the gate makes of its checks: one verdict for programs, one for people."""

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from emulator.harness import places
from tests.gate import cli, figures, junit, tree, verdict
from tests.gate.checks import CHECKS, Check
from tests.gate.coverage import Coverage
from tests.gate.run import Outcome, run
from tests.gate.verdict import Verdict

PAGE = """
| no. | what must hold | unit | faults |
| --- | --- | --- | --- |
| [1.1](#11) | Ten a minute. | 3 |  |
| [1.2](#12) | In order. |  |  |
"""
JUNIT = """
<testsuites><testsuite>
  <testcase classname="tests.faults.test_x" name="test_a_kill_costs_nothing[seed-7]" time="9.5">
    <properties><property name="artefacts" value="{artefacts}"/><property name="virtual_seconds" value="7200"/></properties>
    <failure message="assert">E   assert 'lost' == &lt;b&gt;</failure>
  </testcase>
  <testcase classname="tests.faults.test_x" name="test_another" time="1.5">
    <properties><property name="virtual_seconds" value="14400"/></properties>
  </testcase>
  <testcase classname="tests.faults.test_x" name="test_a_third" time="0"><skipped message="there is no Docker engine here"/></testcase>
</testsuite></testsuites>
"""
IMAGE = f"sha256:{'0' * 64}"


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Verdict]:
    """Makes the verdict of a gate that ran unit tests and faults."""
    assembly, output = tmp_path / "assembly", tmp_path / "gate"
    assembly.mkdir()
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Handler": "huntaze_scraper.rate_limiter.handler.handler", "Code": {"S3Key": "abc.zip"}},
    }
    (assembly / "HuntazeRateLimiter.template.json").write_text(json.dumps({"Resources": {"Limiter": function}}))
    (assembly / "asset.abc.zip").write_bytes(b"the zip")
    monkeypatch.setattr(verdict, "synthesise", lambda: assembly)
    monkeypatch.setattr(verdict.tree, "state", lambda: "as it was")
    monkeypatch.setattr(verdict.coverage, "read", lambda _output: Coverage(97.0, []))
    left_behind = output / "failures" / "test_x.test_a_kill_costs_nothing_seed-7"
    left_behind.mkdir(parents=True)
    (left_behind / "site.json").write_text("{}")
    (left_behind / "browser-1-page-1.png").write_bytes(b"")
    (left_behind / "timeline.html").write_text('<p class="way">creator-01</p>')
    (output / "image.log").write_text(f"building it\n{IMAGE} linux/arm64\n")
    page = tmp_path / "requirements.md"
    page.write_text(PAGE)

    def judge(*, passed: bool) -> Verdict:
        if not passed:
            (output / "faults.xml").write_text(JUNIT.format(artefacts=left_behind))
        outcomes = [
            Outcome(Check("unit", ("true",)), passed=True, seconds=12.0, log=output / "unit.log"),
            Outcome(Check("faults", ("true",)), passed=passed, seconds=300.0, log=output / "faults.log"),
        ]
        return Verdict(outcomes, 312.0, output, "as it was", page)

    return judge


def test_a_green_gate_names_the_digests_of_what_it_tested(judged: Callable[..., Verdict]) -> None:
    """Assembly, limiter's zip and image, as the deploy script compares them."""
    judged(passed=True).write()
    told = json.loads((judged(passed=True).output / "gate.json").read_text())

    assert told["green"] is True
    assert told["digests"]["limiter_zip"] == f"sha256:{hashlib.sha256(b'the zip').hexdigest()}"
    assert told["digests"]["image"] == IMAGE
    assert told["image_platform"] == "linux/arm64"
    assert told["digests"]["assembly"].startswith("sha256:")


def test_a_gate_is_red_when_it_cannot_know_what_it_tested(
    judged: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that changed meanwhile, source that no test ran, a test left out for another reason than a missing engine."""
    assert judged(passed=True).reasons == []
    with monkeypatch.context() as patch:
        patch.setattr(verdict.tree, "state", lambda: "edited")
        assert "changed while it ran" in judged(passed=True).reasons[0]
    for measured in (None, Coverage(94.9, [])):
        with monkeypatch.context() as patch:
            patch.setattr(verdict.coverage, "read", lambda _output, measured=measured: measured)
            assert "of src/" in judged(passed=True).reasons[0]
    left_out = JUNIT.replace("there is no Docker engine here", "no clock here").format(artefacts="")
    (judged(passed=True).output / "unit.xml").write_text(left_out)
    assert "tests.faults.test_x::test_a_third" in judged(passed=True).reasons[-1]


def test_the_state_of_the_files_tells_every_edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit, an edit, a new file and an edit of that: each is another state."""
    monkeypatch.setattr(places, "ROOT", tmp_path)

    def git(*arguments: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", "-C", tmp_path, *who, *arguments], check=True, capture_output=True)

    git("init")
    states = []
    for change in ("first", "second"):
        (tmp_path / "kept.txt").write_text(change)
        states.append(tree.state())
        (tmp_path / "new.txt").write_text(change)
        states.append(tree.state())
        git("add", ".")
        git("commit", "-m", change)
        states.append(tree.state())
    assert len(set(states)) == len(states)
    assert tree.is_clean()


def test_kept_incidents_are_listed_with_whether_they_came_about_again(judged: Callable[..., Verdict]) -> None:
    """By their folders' names; one that a fault has brought back is red."""
    green = judged(passed=True)
    cases = JUNIT.replace("tests.faults.test_x", "tests.incidents.late-gateway.test_late_gateway").replace(
        'name="test_a_kill', 'classname="tests.incidents.lost-lease.test_lost_lease" name="test_a_kill', 1
    )
    cases = cases.replace('classname="tests.incidents.late-gateway.test_late_gateway" classname', "classname", 1)
    (green.output / "unit.xml").write_text(cases.format(artefacts=""))
    green.write()

    assert json.loads((green.output / "gate.json").read_text())["incidents"] == [
        {"name": "lost-lease", "passed": False},
        {"name": "late-gateway", "passed": True},
    ]
    *_, section = (green.output / "report.html").read_text().partition("kept as tests: 2")
    assert section.index("lost-lease") < section.index("came about again") < section.index("late-gateway")


def test_a_red_gate_says_on_one_page_what_failed_and_where_to_look(judged: Callable[..., Verdict]) -> None:
    """The verdict first, the failing test as a sentence with what it said, and links to what it left behind."""
    red = judged(passed=False)
    red.write()
    page = (red.output / "report.html").read_text()
    told = json.loads((red.output / "gate.json").read_text())

    assert told["green"] is False
    assert told["tests"]["failed"] == ["tests.faults.test_x::test_a_kill_costs_nothing[seed-7]"]
    assert told["tests"]["skipped"] == ["tests.faults.test_x::test_a_third"]
    assert page.index("Must not ship") < page.index("a kill costs nothing (seed-7)") < page.index("Requirements")
    assert "&lt;b&gt;" in page
    for name in ("site.json", "browser-1-page-1.png"):
        link = f"failures/test_x.test_a_kill_costs_nothing_seed-7/{name}"
        assert f'href="{link}"' in page
        assert (red.output / link).exists()
    assert 'srcdoc="&lt;p class=&#34;way&#34;&gt;creator-01&lt;/p&gt;"' in page, "the jobs' ways stand in the report"


def test_figures_stand_against_their_limits(judged: Callable[..., Verdict]) -> None:
    """Of the run: time, virtual time, requirements shown; a figure beyond its limit is told apart."""
    found = {it.name: it for it in judged(passed=False).figures}

    assert found["the whole gate"].value == 312
    assert found["virtual time that tests covered"].value == 6
    assert found["virtual time that tests covered"].holds
    assert (found["requirements that tests show"].value, found["requirements that tests show"].holds) == (1, False)


def test_every_figure_of_the_benchmarks_can_be_shown() -> None:
    """The file that people keep is well formed; what misses its limit is known, and told in docs/."""
    kept = list(figures.of_benchmarks())
    assert kept
    assert {it.name for it in kept if not it.holds} == {
        "./huntaze test, after set-up, on two cores",  # testing.md
        "incidents: replay of an hour of 600 jobs",  # incidents.md
        "scraper: a new browser each, against a job",  # scraper.md
        "scraper: a new context each, against a job",
    }


def test_every_check_is_run_whatever_fails(tmp_path: Path) -> None:
    """In the order of the list, each with its log; the program's own exit decides."""
    told: list[tuple[str, str]] = []
    checks = (
        Check("bad", ("sh", "-c", "echo no; exit 3")),
        Check("good", ("echo", "yes")),
        Check("side", ("true",), 1),
    )

    outcomes = run(checks, tmp_path / "out", lambda check, state: told.append((check.name, state)))

    assert [(it.check.name, it.passed) for it in outcomes] == [("bad", False), ("good", True), ("side", True)]
    assert (tmp_path / "out" / "bad.log").read_text() == "no\n"
    assert set(told) >= {("bad", "running"), ("bad", "failed"), ("good", "passed")}


MEETING = 'touch "$0"; for _ in $(seq 1200); do [ -f "$1" ] && exit 0; sleep 0.05; done; exit 1'
"""Ends when the other one has begun, and fails without it in a minute."""


def test_where_nobody_waits_what_is_clocked_has_the_machine_to_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what only computes runs two at a time, when that is over."""
    monkeypatch.setenv("CI", "true")
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    checks = (
        Check("one", ("sh", "-c", MEETING, one, other)),
        Check("clocked", ("true",), is_clocked=True),
        Check("also clocked", ("true",), is_clocked=True),
        Check("other", ("sh", "-c", MEETING, other, one)),
    )
    told: list[str] = []

    outcomes = run(checks, tmp_path / "out", lambda check, state: told.append(f"{check.name} {state}"))

    assert [(it.check, it.passed) for it in outcomes] == [(it, True) for it in checks]
    assert told[:4] == ["clocked running", "clocked passed", "also clocked running", "also clocked passed"]


def test_no_two_checks_share_a_name() -> None:
    """Their reports lie in files that bear it."""
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names)


def test_the_suite_ends_with_counts_a_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For people in a table, for programs on the last line of stdout; what was skipped is named with its reason."""
    monkeypatch.setenv("HUNTAZE_STATE", str(tmp_path))
    cases = "".join(f'<testcase classname="tests.t" name="test_{n}" time="0"/>' for n in range(1385))
    skip = '<testcase classname="tests.t" name="test_skip" time="0"><skipped message="no engine"/></testcase>'
    report = f"<testsuites><testsuite>{cases}{skip}</testsuite></testsuites>"
    source = tmp_path / "source.xml"
    source.write_text(report)
    writes = ("sh", "-c", f'cp {source} "${{0#--junit-xml=}}"')
    monkeypatch.setattr(cli, "CHECKS", (Check("unit", writes, is_pytest=True), Check("lint", ("true",))))

    cli.test(SimpleNamespace(args=[]))  # type: ignore[arg-type] # all that it reads of the context
    ended = capsys.readouterr()

    assert ended.out.splitlines()[-1:] == ["unit: 1,385 passed, 1 skipped; lint: passed"]
    assert "skipped: tests.t::test_skip: no engine" in ended.err


def test_a_check_of_which_tests_failed_says_how_many() -> None:
    """First, as pytest does."""
    found = [junit.Test("a", "unit", 0.0, failure="E"), junit.Test("b", "unit", 0.0), junit.Test("c", "unit", 0.0)]

    assert junit.counts(found) == "1 failed, 2 passed"
    assert junit.counts([]) == ""
