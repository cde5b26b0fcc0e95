"""The limit holds where it matters: at the site, whatever waits on the workflows queue."""

import pytest
from localprocs.vclock import Clock

from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from tests import invariants

BACKLOG = 30


@pytest.mark.browser
@pytest.mark.requirement("9.1")
def test_what_waited_for_the_scraper_reaches_the_site_at_the_limit(
    pipeline: Pipeline, site: SiteControl, clock: Clock
) -> None:
    """The scraper is away while 30 jobs of three accounts are forwarded; then two tasks come."""
    with pipeline.without_scraper():
        sent = [
            pipeline.send(
                {
                    "action": "send_message",
                    "creator_id": f"creator-{1 + number % 3:02}",
                    "user_id": f"fan-{1 + number % 10:03}",
                    "message_content": f"Kept waiting, no. {number}",
                }
            )
            for number in range(BACKLOG)
        ]
        clock.until(lambda: len(pipeline.journal(pipeline.run.workflows_queue_url)) == BACKLOG, 3600, each=60)
        pipeline.scale_to(2)
        pipeline.await_results(sent, 240)
        invariants.check_all_succeeded(pipeline, site, sent)
        assert invariants.worst_window(it["time"] for it in site.messages()) <= invariants.CAPACITY
        opened = [
            it["time"] for it in site.requests() if it["method"] == "GET" and it["path"].startswith("/my/chats/chat")
        ]
        assert invariants.worst_window(opened) <= invariants.CAPACITY
        receives = [it["receive_count"] for it in pipeline.journal(pipeline.run.workflows_queue_url)]
        assert max(receives) <= 12, "the wait burns receives"
