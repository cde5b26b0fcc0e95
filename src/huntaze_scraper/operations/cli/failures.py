"""How a command ends that cannot go on: one line where a person can mend it, and an exit code that is not 0."""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from huntaze_scraper.operations.errors import TellOperator


@contextmanager
def told() -> Iterator[None]:
    """Run a command; what is a fault of the program keeps its traceback."""
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        # What a command's start does without is imported here.
        from huntaze_scraper.operations.cli.screen import complain  # noqa: PLC0415

        if not (words := _for_people(error)):
            raise
        complain(words)
        sys.exit(error.exit_code if isinstance(error, TellOperator) else 1)


def _for_people(error: Exception) -> str:
    """Say what a person can do about it; empty where there is nothing."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as above

    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full: {error}"
    if isinstance(error, (TellOperator, OSError)):
        return str(error)
    if isinstance(error, ClientError):
        return f"AWS refuses: {error} (look at the profile, its rights and whether its session has ended)"
    if isinstance(error, BotoCoreError):
        return f"AWS cannot be asked: {error} (look at the profile, the network, and whether what should answer runs)"
    return ""
