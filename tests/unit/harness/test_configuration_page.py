"""docs/configuration.md says of each setting what its class says."""

import re

from emulator.harness import configuration
from emulator.harness.artefacts.in_task.task_traces import FOLDER_VARIABLE
from emulator.harness.configuration import PAGE
from emulator.harness.places import ROOT
from infra_cdk.synthesis import synthesise
from tests.unit.infra.template import Assembly


def test_the_tables_are_those_of_the_classes() -> None:
    """Make them anew by ``python -m emulator.harness.configuration``."""
    page = PAGE.read_text()
    assert configuration.filled(page) == page
    assert all(table in page for table in configuration.tables().values())


def test_every_parameter_of_the_template_is_told_with_its_default() -> None:
    """And there is no other."""
    parameters = Assembly(synthesise()).templates["HuntazeScraper"].body["Parameters"]
    section = PAGE.read_text().partition("parameters of HuntazeScraper\n")[2].partition("\n## ")[0]
    told = [line.split(" | ") for line in section.splitlines() if line.startswith("| `")]
    assert {row[0].strip("| `"): row[1].strip("`") for row in told} == {
        name: it.get("Default", "") for name, it in parameters.items()
    }


def test_the_task_gets_no_variable_that_the_page_does_not_tell() -> None:
    """Nor a secret."""
    task = Assembly(synthesise()).templates["HuntazeScraper"].only("AWS::ECS::TaskDefinition")
    container = task["ContainerDefinitions"][0]
    names = {it["Name"] for it in (*container["Environment"], *container.get("Secrets", []))}
    page = PAGE.read_text()
    assert [name for name in names if f"`{name}`" not in page] == []


def test_every_variable_that_a_tool_reads_is_told() -> None:
    """But for the one that the harness sets for its own tasks."""
    tools = [ROOT / "docker-compose.yml", *ROOT.glob(".github/workflows/*"), *ROOT.glob("scripts/*")]
    sources = [*(ROOT / "emulator").glob("[ch]*/**/*.py"), *(ROOT / "tests").rglob("*.py")]
    text = "".join(path.read_text() for path in (*tools, *sources))
    read = set(re.findall(r"\b(?:HUNTAZE_[A-Z_]+|UPDATE_SNAPSHOTS)\b", text)) - {FOLDER_VARIABLE}
    page = PAGE.read_text()
    assert [name for name in sorted(read) if f"`{name}`" not in page] == []
