"""Environments end while their credentials are good."""

from typing import Any

from localprocs.lambda_runtime.lifetime import LONGEST_LIFE_SECONDS, end_the_old


class Environment:
    """Stands for LocalStack's."""

    def __init__(self, begun: float) -> None:
        self.begun = begun
        self.is_ended = False

    def keepalive_passed(self) -> None:
        self.is_ended = True


def test_only_those_that_have_lived_long_enough_end() -> None:
    """Six hours, of the twelve for which they have their role."""
    young, old = environments = [Environment(0.0), Environment(-1.0)]
    everyone: list[Any] = list(environments)
    end_the_old(everyone, LONGEST_LIFE_SECONDS)
    assert (young.is_ended, old.is_ended) == (False, True)
