"""An answer of AWS that is an error."""

from typing import Any


class Refusal(Exception):
    """What a service refuses with."""

    def __init__(self, code: str, status: int = 400, **more: Any) -> None:
        super().__init__(code)
        self.code, self.status, self.more = code, status, more
