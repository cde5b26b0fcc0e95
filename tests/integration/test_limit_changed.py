"""The limit's scope is changed while jobs wait: they go on, and none is lost, doubled or overtaken."""

import pytest

from emulator.harness.harness import Harness
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from infra_cdk.synthesis import synthesise
from tests import invariants
from tests.patience import until

ACCOUNTS, BURST = 2, 40
BY_ACCOUNT = {"rate_scope": "account"}


@pytest.mark.gate  # two deployments, and minutes of waiting
@pytest.mark.browser
@pytest.mark.timeout(900)
@pytest.mark.requirement("9.1", "9.2")
def test_a_burst_goes_on_through_a_change_of_the_scope_and_back(
    harness: Harness, pipeline: Pipeline, site: SiteControl
) -> None:
    """Deployed from pipeline to account and back in the middle of it; no account has more than its ten a minute."""
    synthesise(BY_ACCOUNT)  # takes a while, and is found by its inputs then
    sent = [
        pipeline.send(
            {
                "action": "send_message",
                "creator_id": f"creator-{1 + number % ACCOUNTS:02}",
                "user_id": f"fan-{1 + number % 10:03}",
                "message_content": f"Through the change, no. {number}",
            }
        )
        for number in range(BURST)
    ]

    def forwarded() -> list[float]:
        return [it["sent"] for it in pipeline.journal(pipeline.run.workflows_queue_url)]

    until(forwarded)
    try:
        harness.deploy(BY_ACCOUNT)
        until(lambda: invariants.worst_window(forwarded()) > invariants.CAPACITY, 300, "the limit an account")
        assert len(forwarded()) < BURST, "nothing waits any more"
    finally:
        harness.deploy({})
    pipeline.await_results(sent, 400)

    queued = pipeline.journal(pipeline.run.workflows_queue_url)
    invariants.assert_forwarded_once(pipeline, sent, queued)
    statuses = invariants.find_ends(pipeline, sent)
    assert set(statuses.values()) == {"succeeded"}, statuses
    invariants.assert_only_successes_reached_fans(site, sent, statuses)
    invariants.assert_in_order(queued, site)
    for account in {job.account for job in sent}:
        # Those that came while there were tokens went at once, as the queue handed them out; the others waited.
        waited = [it["deduplication_id"] for it in queued[invariants.CAPACITY :] if it["group_id"] == account]
        assert waited == [job.job_id for job in sent if job.job_id in waited]
        assert invariants.worst_window(it["sent"] for it in queued if it["group_id"] == account) <= invariants.CAPACITY
        acts = [it["time"] for it in site.messages() if it["account"] == account]
        assert invariants.worst_window(acts) <= invariants.CAPACITY
