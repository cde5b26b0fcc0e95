"""What can go wrong with the clock."""


class ClockError(Exception):
    """The clock cannot do what was asked."""


class ClockRefused(ClockError):
    """The request is wrong, or comes at a wrong moment; the message says what is allowed."""


class ClockUnavailable(ClockError):
    """This machine cannot have a virtual clock; time runs as the wall's."""
