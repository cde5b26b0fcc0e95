"""Every fault that can be had, and how often."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Options:
    """Probabilities, each at one step of a call; nothing goes wrong by default."""

    crash: float = 0.0
    """The process is gone, before or after the request took effect."""
    lost_answer: float = 0.0
    """The request took effect and the caller sees a time-out."""
    lost_request: float = 0.0
    """The request took no effect and the caller sees a time-out or an error."""
    failed_entry: float = 0.0
    """One entry of a batch call fails."""
    slow: float = 0.0
    """The way takes seconds instead of milliseconds."""
    stall: float = 0.0
    """The way takes longer than the caller waits."""
    lost_deletion: float = 0.0
    """Lambda does not delete what was handled."""
    duplicate_delivery: float = 0.0
    """A message in flight is delivered again."""
    late_delivery: float = 0.0
    """A visible message is overlooked for seconds."""
    clock_skew_seconds: float = 0.0
    """The most by which the clocks of two invocations differ."""


CALM = Options()
SKEWED = Options(clock_skew_seconds=0.5, slow=0.1, late_delivery=0.2)
STORMY = Options(
    crash=0.02,
    lost_answer=0.03,
    lost_request=0.03,
    failed_entry=0.03,
    slow=0.1,
    stall=0.02,
    lost_deletion=0.05,
    duplicate_delivery=0.05,
    late_delivery=0.1,
    clock_skew_seconds=0.5,
)
