"""docs/configuration.md says of each setting what its class says."""

from emulator.harness import configuration
from emulator.harness.configuration import PAGE
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
    names = {it["Name"] for it in (*container["Environment"], *container["Secrets"])}
    page = PAGE.read_text()
    assert [name for name in names if f"`{name}`" not in page] == []
