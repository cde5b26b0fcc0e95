"""What can go wrong with the clock."""


class ClockError(Exception):
    """The clock cannot do what was asked."""


class ClockRefused(ClockError):
    """The request is wrong, or comes at a wrong moment; the message says what is allowed."""


class ClockUnavailable(ClockError):
    """This machine cannot have a virtual clock; time runs as the wall's."""


class StillWorking(ClockError):
    """Somebody was still at work when patience ended; the message says who, and at what."""

    def __init__(self, seconds: float, working: list[str]) -> None:
        """Name the workers."""
        super().__init__(f"not settled within {seconds:g} s; still working: {'; '.join(working) or 'nobody, just now'}")


class NotWithin(ClockError, TimeoutError):
    """What was waited for did not come about within the virtual time."""
