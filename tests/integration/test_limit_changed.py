"""The scope of the limit is changed while jobs wait, as an agency does that grows, and thinks better of it."""

from collections import defaultdict
from functools import partial
from typing import Any

import pytest
from localprocs.vclock import Clock

from emulator.harness.harness import Harness
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from huntaze_scraper.settings import ACCOUNT, PIPELINE
from infra_cdk.synthesis import synthesise
from tests import invariants
from tests.patience import until

ACCOUNTS, BURST = 2, 60
CHANGES = ((20, ACCOUNT), (40, PIPELINE))
"""After so many jobs were forwarded."""
PATIENCE_SECONDS = 300.0
"""Of the wall, for each step."""
OVER_SECONDS = 60.0
"""Within so long the scope before lets nothing pass any more; the new one waits for longer (docs/rate-limiter.md)."""


@pytest.mark.gate
@pytest.mark.browser
@pytest.mark.timeout(900)
@pytest.mark.requirement("9.1")
def test_a_scope_changed_amid_a_burst_loses_and_doubles_no_job(
    harness: Harness, pipeline: Pipeline, site: SiteControl, clock: Clock
) -> None:
    """Deployed twice, to limits of the accounts and back; both gates hold what either scope allows."""
    for _, scope in CHANGES:  # beforehand: it takes longer than the burst
        synthesise({"rate_scope": scope})
    sent = [
        pipeline.send(
            {
                "action": "send_message",
                "creator_id": f"creator-{1 + number % ACCOUNTS:02}",
                "user_id": f"fan-{1 + number % 10:03}",
                "message_content": f"Amid the change, no. {number}",
            }
        )
        for number in range(BURST)
    ]
    changed_at = []
    for count, scope in CHANGES:
        until(partial(are_forwarded, pipeline, count), PATIENCE_SECONDS, f"forwarding {count}")
        assert not are_forwarded(pipeline, BURST), "nothing waits any more when the scope is changed"
        changed_at.append(clock.now())
        harness.deploy({"rate_scope": scope})
    pipeline.await_results(sent, PATIENCE_SECONDS)

    invariants.assert_forwarded_once(pipeline, sent, forwarded(pipeline))
    statuses = invariants.find_ends(pipeline, sent)
    assert set(statuses.values()) == {"succeeded"}
    invariants.assert_only_successes_reached_fans(site, sent, statuses)
    invariants.assert_only_dead_are_buried(pipeline, statuses)
    invariants.assert_in_order(forwarded(pipeline), site)
    for moments in (
        [(it["group_id"], it["sent"]) for it in forwarded(pipeline)],
        [(it["account"], it["time"]) for it in site.messages()],
    ):
        by_account: defaultdict[str, list[float]] = defaultdict(list)
        for account, moment in moments:
            by_account[account].append(moment)
        assert max(map(invariants.worst_window, by_account.values())) <= invariants.CAPACITY
        to_accounts, back = changed_at
        for shared in (
            [at for _, at in moments if at < to_accounts],
            [at for _, at in moments if at > back + OVER_SECONDS],
        ):
            assert 0 < invariants.worst_window(shared) <= invariants.CAPACITY


def are_forwarded(pipeline: Pipeline, count: int) -> bool:
    """Tell whether so many jobs were let pass."""
    return len(forwarded(pipeline)) >= count


def forwarded(pipeline: Pipeline) -> list[dict[str, Any]]:
    """Return what the workflows queue took."""
    return pipeline.journal(pipeline.run.workflows_queue_url)
