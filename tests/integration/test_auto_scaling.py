"""Plan task 10.4: the service grows with the workflows queue and shrinks after it."""

import pytest
from localprocs.vclock import Clock

from emulator.harness.pipeline import Pipeline
from tests.integration.deep_queue import fill_workflows_queue
from tests.integration.minutes import MINUTE, Minutes

MESSAGES = 500
MINUTES_OF_WORK = 120
"""At most: ten a minute go to the site."""


@pytest.mark.gate  # ten a minute at the site make an hour of 500 jobs, each with its page
@pytest.mark.browser
@pytest.mark.timeout(3600)
@pytest.mark.requirement("3.1", "3.2", "3.3")
def test_500_messages_scale_the_service_out_and_an_empty_queue_scales_it_in(pipeline: Pipeline, clock: Clock) -> None:
    """A task for each 100 of 500 messages, which work them off, and then the service comes back to one task."""
    minutes = Minutes(pipeline.clients, clock)
    pipeline.scale_to(0)
    try:
        sent = fill_workflows_queue(pipeline, MESSAGES)
        desired = minutes.within(8, lambda: found if (found := pipeline.desired_count()) > 1 else 0)
        assert desired in (4, 5)  # what the service's first task has in hand by then is not visible
        clock.until(lambda: pipeline.running_count() == desired, MINUTE, what="the wanted tasks")
        workflows = pipeline.run.workflows_queue_url
        clock.until(lambda: not pipeline.depth(workflows), MINUTES_OF_WORK * MINUTE, each=MINUTE, what="an empty queue")
        results = pipeline.await_results(sent)
        assert {it["status"] for it in results.values()} == {"succeeded"}
        assert pipeline.journal(pipeline.run.workflows_dlq_url) == []
        minutes.pass_by(14)
        minutes.within(60, lambda: pipeline.desired_count() == 1, each=5)
    finally:
        pipeline.forget()
        pipeline.scale_to(1)
