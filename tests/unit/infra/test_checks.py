"""What others' rules say of the template: cdk-nag's AwsSolutions, cfn-lint."""

import json

import pytest

from tests.unit.infra.template import Assembly


@pytest.fixture(params=["assembly", "assembly_on_existing"])
def either(request: pytest.FixtureRequest) -> Assembly:
    """Return the assembly without options, then with all of them."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Assembly)
    return found


def test_cdk_nag_found_nothing_and_every_exception_says_why(either: Assembly) -> None:
    """The pack runs at each synthesis; its report stands in the assembly."""
    report = json.loads((either.folder / "validation-report.json").read_text())
    (pack,) = report["pluginReports"]
    assert pack["pluginName"] == "AwsSolutions"
    assert pack["violations"] == []
    assert pack["suppressedViolations"]
    for exception in pack["suppressedViolations"]:
        assert len(exception["reason"].split()) >= 8, exception["ruleName"]


def test_every_exception_is_still_needed(assembly: Assembly) -> None:
    """The rules that are let pass, in all: a new one shows here."""
    report = json.loads((assembly.folder / "validation-report.json").read_text())
    rules = {it["ruleName"].partition("[")[0] for it in report["pluginReports"][0]["suppressedViolations"]}
    assert rules == {"AwsSolutions-IAM5", "AwsSolutions-L1", "AwsSolutions-ECS2"}


@pytest.mark.gate
def test_cfn_lint_has_nothing_to_say(either: Assembly) -> None:
    """No error, warning or hint, in the regions where it is likely to run."""
    import cfnlint.api  # type: ignore[import-untyped] # what it stands on takes half a second

    for stack, template in either.templates.items():
        found = cfnlint.api.lint(json.dumps(template.body), regions=["us-east-1", "eu-west-1"])
        assert not found, f"{stack}: {found}"
