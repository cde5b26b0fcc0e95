"""What the page on infrastructure must name."""

import re

from huntaze_scraper.metric_names import Metric
from infra_cdk.options import Options
from infra_cdk.synthesis import ROOT
from tests.unit.infra.template import Assembly

PAGE = (ROOT / "docs" / "infrastructure.md").read_text()


def _documented(heading: str) -> set[str]:
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `([a-z0-9_]+)`", section, re.MULTILINE))


def test_every_option_is_documented() -> None:
    """And none that is gone."""
    assert _documented("Options") == set(Options.names())


def test_every_metric_is_documented() -> None:
    """And none that is gone."""
    assert _documented("Metrics") == {str(metric) for metric in Metric}


def test_every_alarm_is_documented(assembly: Assembly) -> None:
    """And none that is gone."""
    alarms = assembly["Observability"].properties("AWS::CloudWatch::Alarm")
    assert _documented("Alarms") == {alarm["AlarmName"] for alarm in alarms}


def test_every_stack_is_documented(assembly: Assembly) -> None:
    """By its name."""
    assert all(f"| {stack} |" in PAGE for stack in assembly.templates)
