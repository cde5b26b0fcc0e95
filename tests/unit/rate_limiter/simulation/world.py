"""The world: invocations run in it, and invariants hold at each step."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.unit.rate_limiter.simulation.ground import Ground
from tests.unit.rate_limiter.simulation.invariants import check_as_sent, check_forwarded, check_tokens
from tests.unit.rate_limiter.simulation.invocation import Invocation
from tests.unit.rate_limiter.simulation.queues import Forwarded


class World(Ground):
    """A pipeline's front half, made from a source of chance: the same source gives the same history."""

    def begin(self, records: Sequence[Mapping[str, Any]]) -> Invocation:
        return Invocation(self, records)

    def check_store(self) -> None:
        check_tokens(self)

    def check_forward(self, message: Forwarded) -> None:
        check_forwarded(self.workflows.messages, message, self.limit, by_account=self.is_by_account)
        if not self.was_switched:  # a bucket does not count the jobs that joined the line by another
            check_as_sent(self, message)
