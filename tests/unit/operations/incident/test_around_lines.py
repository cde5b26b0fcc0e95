from collections.abc import Sequence

from huntaze_scraper.operations.incident.around_lines import FOUND_OUT_SECONDS, LOOKED_AGAIN_SECONDS, steps
from huntaze_scraper.operations.incident.bundle import Verb
from huntaze_scraper.operations.incident.raw import RawLine, RawStep, Source


def line(at: float, event: str, source: Source = "scraper", **fields: object) -> RawLine:
    return RawLine(at=at, source=source, fields={"event": event, **fields})


def decision(at: float, forwarding: str, reason: str | None = None) -> RawLine:
    """What the limiter says of a message."""
    return line(at, "", "limiter", forwarding=forwarding, reason=reason)


def outages(lines: Sequence[RawLine]) -> list[tuple[float, object, object, object]]:
    told = [(it.at, *(it.arguments[name] for name in ("service", "kind", "seconds"))) for it in steps(lines)]
    return sorted(told)  # type: ignore[type-var]


def test_an_outage_lasts_from_before_the_first_line_that_lacks_a_store_until_lines_tell_that_it_is_back() -> None:
    """Each store by itself; one whose end nobody told lasts a little longer than the last word of it."""
    lines = [
        line(10, "task_waits", missing=["state table", "browser"]),
        line(40, "task_waits", missing=["state table", "results bucket"]),
        line(70, "task_ready_again"),
        line(90, "task_waits", missing=["results bucket"]),
    ]
    began = 90 - FOUND_OUT_SECONDS
    assert outages(lines) == [
        (5, "dynamodb", "error", 50.0),
        (35, "s3", "error", 20.0),
        (began, "s3", "error", FOUND_OUT_SECONDS + LOOKED_AGAIN_SECONDS),
    ]


def test_an_outage_begins_after_the_service_is_last_known_to_have_worked() -> None:
    """A result that could not be kept, of a job whose message had gone out before."""
    lines = [
        line(8, "job_ended", status="succeeded"),
        line(10, "job_ended", status="returned", error="S3: ServiceUnavailable"),
        line(60, "job_ended", status="succeeded"),
    ]
    assert outages(lines) == [(9, "s3", "error", 26.0)]


def test_queues_and_secrets_that_fail_are_told_as_the_stores_are() -> None:
    """By the limiter and by the tasks, in whichever field it stands."""
    lines = [
        line(100, "message_deleted"),
        line(110, "receive_failed", reason="SQS: ServiceUnavailable", wait_seconds=1),
        decision(120, "failed", "workflows queue: ServiceUnavailable"),
        decision(140, "forwarded"),
        line(200, "job_ended", status="returned", error="Secrets Manager: ClientError"),
        line(240, "signed_in"),
    ]
    assert outages(lines) == [(105, "sqs", "error", 25.0), (195, "secretsmanager", "error", 25.0)]


def test_a_service_that_asks_to_slow_down_is_told_as_a_throttle() -> None:
    """Whatever its name for that."""
    lines = [
        decision(10, "failed", "the state table refused: ProvisionedThroughputExceededException"),
        line(20, "job_ended", error="S3: SlowDown"),
        line(30, "heartbeat_failed", reason="SQS: ThrottlingException"),
    ]
    assert [(service, kind) for _, service, kind, _ in outages(lines)] == [
        ("dynamodb", "throttle"),
        ("s3", "throttle"),
        ("sqs", "throttle"),
    ]


def test_a_task_that_ecs_forgot_is_known_by_its_own_word() -> None:
    """Its end is told once: by ECS where that still knows, else by the task."""
    lines = [line(10, "worker_stopping", why="SIGTERM"), line(5000, "worker_stopping", why="SIGTERM")]
    known = [RawStep(at=5, verb=Verb.INTERRUPT_SPOT)]
    assert [(it.at, it.verb, it.arguments) for it in steps(lines, known)] == [
        (5000, Verb.STOP_TASK, {"reason": "SIGTERM"})
    ]


def test_a_browser_that_died_is_told_and_one_that_was_retired_is_not() -> None:
    """Only what was dead already was killed by something."""
    lines = [line(1, "browser_to_be_replaced", was_alive=True), line(2, "browser_to_be_replaced", was_alive=False)]
    assert [(it.at, it.verb) for it in steps(lines)] == [(2, Verb.KILL_BROWSER)]
