"""How a command ends that cannot go on: one line where a person can mend it, and exit code 1."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from emulator.harness.cli.screen import complain
from emulator.harness.errors import HarnessError
from emulator.vclock import ClockError


@contextmanager
def told() -> Iterator[None]:
    """Run a command; what is a fault of the program keeps its traceback."""
    try:
        yield
    except (HarnessError, ClockError) as error:
        complain(str(error))
        sys.exit(1)
    except ClientError as error:
        complain(f"AWS refuses: {error} (look at the profile, its rights and whether its session has ended)")
        sys.exit(1)
    except BotoCoreError as error:
        complain(f"AWS cannot be asked: {error} (./huntaze down and up again, or look at the profile and the network)")
        sys.exit(1)
    except OSError as error:
        complain(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
