"""How a command ends that cannot go on: one line where a person can mend it, and exit code 1."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from huntaze_scraper.operations.cli.screen import complain
from huntaze_scraper.operations.errors import TellOperator


@contextmanager
def told(*mendable: type[Exception]) -> Iterator[None]:
    """Run a command; what is a fault of the program keeps its traceback.

    Args:
        mendable: further errors whose text says what to do.
    """
    ends: tuple[type[Exception], ...] = (TellOperator, *mendable)
    try:
        yield
    except ends as error:
        complain(str(error))
        sys.exit(1)
    except ClientError as error:
        complain(f"AWS refuses: {error} (look at the profile, its rights and whether its session has ended)")
        sys.exit(1)
    except BotoCoreError as error:
        complain(
            f"AWS cannot be asked: {error} (look at the profile, the network, and whether what should answer runs)"
        )
        sys.exit(1)
    except OSError as error:
        complain(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
