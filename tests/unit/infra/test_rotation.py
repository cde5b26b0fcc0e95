"""The schedule by which the credentials change."""

import pytest

from huntaze_scraper.settings import RotationSettings
from tests.unit.infra.template import Assembly, text


@pytest.mark.requirement("8.5")
def test_the_credentials_rotate_every_ninety_days(assembly: Assembly) -> None:
    """By our function; not at once, for the secret begins as a placeholder."""
    template = assembly["Scraper"]
    schedule = template.only("AWS::SecretsManager::RotationSchedule")
    assert schedule["RotationRules"] == {"AutomaticallyAfterDays": 90}
    assert schedule["RotateImmediatelyOnUpdate"] is False
    ((function, _),) = template.of_type("AWS::Lambda::Function").items()
    ((secret, _),) = template.of_type("AWS::SecretsManager::Secret").items()
    assert text(schedule["RotationLambdaARN"]) == f"${{{function}.Arn}}"
    assert text(schedule["SecretId"]) == f"${{{secret}}}"


def test_secrets_manager_may_call_the_function_for_this_account_alone(assembly: Assembly) -> None:
    """And may before the schedule is made."""
    template = assembly["Scraper"]
    ((name, permission),) = template.of_type("AWS::Lambda::Permission").items()
    assert permission["Properties"]["Principal"] == "secretsmanager.amazonaws.com"
    assert permission["Properties"]["SourceAccount"] == {"Ref": "AWS::AccountId"}
    (schedule,) = template.of_type("AWS::SecretsManager::RotationSchedule").values()
    assert name in schedule["DependsOn"]


def test_the_function_asks_the_same_site_as_the_scraper(assembly: Assembly) -> None:
    """One parameter for both."""
    function = assembly["Scraper"].only("AWS::Lambda::Function")
    variables = {name: text(value) for name, value in function["Environment"]["Variables"].items()}
    assert RotationSettings.from_env(variables).site_url == "${SiteUrl}"
    assert function["Handler"] == "huntaze_scraper.rotation.handler.handler"
