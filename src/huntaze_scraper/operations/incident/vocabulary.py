"""The words that our own programs say: what they write may hold others only where they repeat somebody."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

WORD = re.compile(r"[^\W\d_]+")
LONGEST_NAME = 64
_OTHERS = (
    # What AWS says when it refuses, or of tasks and deployments.
    "AccessDenied ThrottlingException ProvisionedThroughputExceeded Throttling InternalServerError ServiceUnavailable "
    "RequestLimitExceeded SlowDown ConnectTimeoutError ReadTimeoutError EndpointConnectionError ClientError Service Unavailable "
    "SpotInterruption TerminationNotice EssentialContainerExited TaskFailedToStart UserInitiated ServiceSchedulerInitiated "
    "Scaling activity initiated by deployment ECS Essential container in task exited Your Spot was interrupted "
    "SIGTERM SIGINT throttle "
    # Alarms' names, which the templates give.
    "age challenge circuit breaker cpu critical credentials depth dlq effect errors failed failure high ingress jobs "
    "lambda low messages missing not onlyfans opened queue rate ready rotation scraper seen share taken tasks throttles "
    "uncertain wait warning workflows alarm target tracking OK ALARM INSUFFICIENT DATA "
    # Chromium's and the operating system's names of what went wrong on a connection.
    "ERR NET CONNECTION RESET REFUSED CLOSED TIMED OUT ABORTED FAILED NAME NOT RESOLVED EMPTY RESPONSE SSL PROTOCOL "
    "ECONNRESET ECONNREFUSED ECONNABORTED ETIMEDOUT ENOTFOUND EPIPE EHOSTUNREACH socket hang up aborted"
)


@cache
def words() -> frozenset[str]:
    """Return every word of the texts in our source, in small letters."""
    found = {word.lower() for text in _said() for word in WORD.findall(text)}
    return frozenset(found | {word.lower() for word in WORD.findall(_OTHERS)})


@cache
def names() -> frozenset[str]:
    """Return every text in our source that is a name by itself: events, states, classes, actions."""
    return frozenset(text for text in _said() if len(text) <= LONGEST_NAME)


@cache
def _said() -> frozenset[str]:
    return frozenset(_texts(files("huntaze_scraper")))


def _texts(folder: Traversable) -> Iterator[str]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _texts(each)
        elif each.name.endswith(".py"):
            nodes = list(ast.walk(ast.parse(each.read_text())))
            documentation = {id(it.value) for it in nodes if isinstance(it, ast.Expr)}
            for node in nodes:
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
                    yield node.value
