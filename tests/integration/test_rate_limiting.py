"""Plan task 10.2: the limiter lets 10 a minute through, and loses none."""

import json

import pytest
from localprocs.vclock import Clock

from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from tests import invariants

BURST = 60


@pytest.mark.browser
@pytest.mark.requirement("1.1", "1.2", "1.3", "1.5", "2.1", "3.5")
def test_of_twenty_messages_ten_go_in_the_first_minute_and_ten_in_the_second(
    pipeline: Pipeline, site: SiteControl
) -> None:
    """Send 20 at once: 10 in the first minute, 10 in the second, each done once, none lost."""
    sent = [
        pipeline.send(
            {
                "action": "send_message",
                "creator_id": f"creator-{1 + number % 4:02}",
                "user_id": f"fan-{1 + number % 10:03}",
                "message_content": f"Campaign {number}",
            }
        )
        for number in range(20)
    ]

    pipeline.await_results(sent, 150)

    forwarded = pipeline.journal(pipeline.run.workflows_queue_url)
    assert all(it["group_id"] == json.loads(it["body"])["creator_id"] for it in forwarded)
    moments = [it["sent"] for it in forwarded]
    assert sum(moment - moments[0] < 60 for moment in moments) == 10
    assert sum(60 <= moment - moments[0] < 120 for moment in moments) == 10
    told_to_wait = [it for job in sent for it in pipeline.decisions(job) if not it["allowed"]]
    assert len({it["message_id"] for it in told_to_wait}) == 10
    assert all(it["retry_after"] > 0 for it in told_to_wait)
    invariants.check_all_succeeded(pipeline, site, sent)


@pytest.mark.requirement("1.3", "1.4")
def test_a_waiting_message_is_received_twice_at_most_and_never_buried(pipeline: Pipeline, clock: Clock) -> None:
    """A burst, without the scraper: receives stay within 2.05 a message, and the DLQ stays empty."""
    with pipeline.without_scraper():
        for number in range(BURST):
            pipeline.send(
                {"action": "get_messages", "creator_id": f"creator-{number}", "user_id": "fan-001", "number": number}
            )
        clock.until(lambda: len(pipeline.journal(pipeline.run.workflows_queue_url)) == BURST, 3600, each=60)
        forwarded = pipeline.journal(pipeline.run.workflows_queue_url)
        ingress = pipeline.journal(pipeline.run.ingress_queue_url)
        buried = pipeline.journal(pipeline.run.ingress_dlq_url)

    assert sum(it["receive_count"] for it in ingress) / len(ingress) <= 2.05
    assert invariants.worst_window(it["sent"] for it in forwarded) <= 10
    assert len({it["deduplication_id"] for it in forwarded}) == BURST
    assert buried == []
