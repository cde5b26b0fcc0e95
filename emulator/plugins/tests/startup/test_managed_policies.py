"""AWS's managed policies, read late."""

import pytest
from localprocs.startup import managed_policies
from moto.iam.models import IAMBackend

BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


@pytest.fixture
def backend(monkeypatch):
    """Make a back end that has read nothing."""
    for name in ("_init_aws_policies", "_init_managed_policies"):
        monkeypatch.setattr(IAMBackend, name, getattr(IAMBackend, name))
    monkeypatch.setattr("moto.iam.models.load_iam_aws_managed_policies", lambda: True)
    managed_policies.read_when_asked()
    return IAMBackend("aws", "1")


@pytest.mark.parametrize(
    "ask",
    [
        lambda policies: BASIC in policies,
        lambda policies: policies[BASIC],
        lambda policies: policies.get(BASIC),
        lambda policies: BASIC in {policy.arn for policy in policies.values()},
        lambda policies: BASIC in list(policies),
    ],
)
def test_a_policy_of_aws_is_there_for_whoever_asks(backend, ask):
    """However it is asked for."""
    assert ask(backend.managed_policies)
    assert len(backend.aws_managed_policies) > 1000


def test_one_that_does_not_exist_is_not_there(backend):
    """Neither before nor after the reading."""
    for _ in range(2):
        assert backend.managed_policies.get("arn:none") is None
        with pytest.raises(KeyError):
            backend.managed_policies["arn:none"]
