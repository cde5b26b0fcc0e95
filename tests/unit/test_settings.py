"""Settings, as CDK writes them and processes read them."""

import pytest

from huntaze_scraper.settings import InvalidSettings, RateLimiterSettings, RotationSettings, Settings, WorkerSettings

LIMITER = RateLimiterSettings(
    ingress_queue_url="https://q/ingress",
    ingress_dlq_url="https://q/ingress-dlq",
    workflows_queue_url="https://q/workflows.fifo",
    state_table="state",
    line_table="line",
    rate_limit_capacity=7,
    rate_limit_window_seconds=1.5,
)
WORKER = WorkerSettings(
    workflows_queue_url="https://q/workflows.fifo",
    workflows_dlq_url="https://q/dlq.fifo",
    state_table="state",
    results_bucket="results",
    credentials_secret_id="secret",  # the name of one
    metrics_by_creator=False,
)


@pytest.mark.parametrize("settings", [LIMITER, WORKER, RotationSettings()], ids=lambda it: type(it).__name__)
def test_what_is_written_is_read_back(settings: Settings) -> None:
    """Texts, numbers and booleans; other variables of the environment mean nothing."""
    assert type(settings).from_env({**settings.to_env(), "PATH": "/bin"}) == settings


def test_all_that_is_wrong_is_told_at_once() -> None:
    """What is missing with what it is for, what is of the wrong type, and no value of either."""
    env = WORKER.to_env() | {"PAGES": "many", "METRICS_BY_CREATOR": "yes", "HEALTH_PORT": "3e3"}
    del env["STATE_TABLE"]
    with pytest.raises(InvalidSettings) as invalid:
        WorkerSettings.from_env(env)
    told = str(invalid.value)
    assert "STATE_TABLE is missing (name of the DynamoDB table" in told
    for name, kind in (("PAGES", "int"), ("METRICS_BY_CREATOR", "bool"), ("HEALTH_PORT", "int")):
        assert f"{name} is not of type {kind}" in told
    assert "many" not in told


def test_what_has_a_default_may_be_left_out() -> None:
    """A task definition names what differs."""
    required = {name: WORKER.to_env()[name] for name in ("WORKFLOWS_QUEUE_URL", "WORKFLOWS_DLQ_URL", "STATE_TABLE")}
    required |= {"RESULTS_BUCKET": "results", "CREDENTIALS_SECRET_ID": "secret"}
    read = WorkerSettings.from_env(required)
    assert (read.pages, read.health_port, read.metrics_by_creator) == (4, 3000, True)


@pytest.mark.requirement("9.1")
@pytest.mark.parametrize("settings", [LIMITER, WORKER], ids=lambda it: type(it).__name__)
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("RATE_LIMIT_CAPACITY", "0", "RATE_LIMIT_CAPACITY is 0, and must be 1 or more"),
        ("RATE_LIMIT_CAPACITY", "-3", "must be 1 or more"),
        ("RATE_LIMIT_WINDOW_SECONDS", "0", "RATE_LIMIT_WINDOW_SECONDS is 0, and must be 1 or more"),
        ("RATE_LIMIT_WINDOW_SECONDS", "nan", "must be 1 or more"),
        ("RATE_LIMIT_WINDOW_SECONDS", "300", "less than the queue's visibility of"),
        ("RATE_LIMIT_SCOPE", "creator", "RATE_LIMIT_SCOPE must be pipeline or account"),
    ],
)
def test_a_limit_that_is_none_is_refused_in_one_line(settings: Settings, name: str, value: str, said: str) -> None:
    """At both gates alike: the process does not start."""
    with pytest.raises(InvalidSettings, match=said) as invalid:
        type(settings).from_env(settings.to_env() | {name: value})
    assert "\n" not in str(invalid.value)


@pytest.mark.requirement("9.1")
def test_a_window_is_held_against_the_visibility_that_is_deployed() -> None:
    """A message in hand would come back before its turn, whatever the visibility is by default."""
    env = WORKER.to_env() | {"VISIBILITY_SECONDS": "45"}

    with pytest.raises(
        InvalidSettings, match=r"RATE_LIMIT_WINDOW_SECONDS is 60, .* less than the queue's visibility of 45 s"
    ):
        WorkerSettings.from_env(env)
    assert WorkerSettings.from_env(env | {"RATE_LIMIT_WINDOW_SECONDS": "30"}).rate_limit_window_seconds == 30
