"""The credentials' rotation as it is deployed: Secrets Manager calls the function, the function the site."""

import json
from collections.abc import Iterator

import pytest

from emulator.harness.clients import Clients
from emulator.harness.harness import Harness
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from huntaze_scraper import names
from tests.integration.permissions import calls, forget_calls, unused
from tests.patience import until

USED_ONCE = {"logs:CreateLogStream"}
"""An environment that is used again goes on with its log stream."""


@pytest.fixture
def secret_id(harness: Harness, emulator: Clients) -> Iterator[str]:
    """Return the default secret's name, and put back afterwards what it held."""
    name = harness.run.credentials_secret_id
    before = emulator.secretsmanager.get_secret_value(SecretId=name)["SecretString"]
    yield name
    emulator.secretsmanager.put_secret_value(SecretId=name, SecretString=before)


@pytest.mark.requirement("8.1", "8.5")
@pytest.mark.parametrize("has_second_factor", [False, True])
def test_a_rotation_changes_the_password_at_the_site_and_in_the_secret(
    pipeline: Pipeline, site: SiteControl, secret_id: str, *, has_second_factor: bool
) -> None:
    """The account logs in with what the secret holds, and no longer with what it held; the role is used in full."""
    emulator = pipeline.clients
    forget_calls(pipeline)
    account = next(it for it in site.accounts() if bool(it["totp_secret"]) is has_second_factor)
    credentials = {name: account[name] or "" for name in ("username", "password", "totp_secret")}
    emulator.secretsmanager.put_secret_value(SecretId=secret_id, SecretString=json.dumps(credentials))
    role = emulator.lambda_.get_function(FunctionName=names.ROTATION_FUNCTION)["Configuration"]["Role"]

    schedule = emulator.secretsmanager.describe_secret(SecretId=secret_id)
    assert (schedule["RotationEnabled"], schedule["RotationRules"]["AutomaticallyAfterDays"]) == (True, 90)
    emulator.secretsmanager.rotate_secret(SecretId=secret_id)

    def rotated() -> dict[str, str]:
        held = json.loads(emulator.secretsmanager.get_secret_value(SecretId=secret_id)["SecretString"])
        return dict(held) if held["password"] != account["password"] else {}

    kept = until(rotated, 60, "the rotation")
    now = {it["username"]: it["password"] for it in site.accounts()}
    assert now[account["username"]] == kept["password"]
    assert {**kept, "password": account["password"]} == credentials
    until(lambda: unused(emulator, role, calls(pipeline)) <= USED_ONCE, 20, "every permission being used")
