from huntaze_scraper.operations.incident.around_lines import LOOKED_AGAIN_SECONDS, steps
from huntaze_scraper.operations.incident.bundle import Verb
from huntaze_scraper.operations.incident.raw import RawLine, RawStep


def line(at: float, event: str, **fields: object) -> RawLine:
    return RawLine(at=at, source="scraper", fields={"event": event, **fields})


def test_an_outage_lasts_from_the_first_line_that_lacks_a_store_to_the_last_that_has_it() -> None:
    """Each store by itself; one whose end nobody told lasts a little longer than the last word of it."""
    lines = [
        line(10, "task_waits", missing=["state table", "browser"]),
        line(40, "task_waits", missing=["state table", "results bucket"]),
        line(70, "task_ready_again"),
        line(90, "task_waits", missing=["results bucket"]),
    ]
    told = [(it.at, it.arguments["service"], it.arguments["seconds"]) for it in steps(lines)]
    assert told == [(10, "dynamodb", 60.0), (40, "s3", 30.0), (90, "s3", LOOKED_AGAIN_SECONDS)]


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
