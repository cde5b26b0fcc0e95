"""The alarms and metrics of every account and region of this process."""

import threading

from localprocs.alarms.actions import ACTIONS
from localprocs.alarms.book import AlarmBook
from localprocs.alarms.metrics import MetricStore

_books: dict[tuple[str, str], AlarmBook] = {}
_lock = threading.Lock()


def book_of(account: str, region: str) -> AlarmBook:
    """Return the account's alarms in the region, made when first asked for."""
    with _lock:
        key = (account, region)
        if key not in _books:
            _books[key] = AlarmBook(account, region, MetricStore(), ACTIONS.on_change, ACTIONS.on_scaling)
        return _books[key]


def metrics_of(account: str, region: str) -> MetricStore:
    """Return the account's metrics in the region."""
    return book_of(account, region).metrics


def books() -> list[AlarmBook]:
    """Return all of them."""
    with _lock:
        return list(_books.values())


def judge_all(minute: int, _last: int) -> None:
    """Look at every alarm there is."""
    for book in books():
        book.judge(minute)


def judge_high_resolution(moment: int, _last: int) -> None:
    """Look at every alarm whose periods are shorter than a minute."""
    for book in books():
        book.judge(moment, is_high_resolution=True)


def has_high_resolution() -> bool:
    """Tell whether an alarm has to be looked at oftener than each minute, or stands on others that may have."""
    return any(it.has_high_resolution() for it in books())


def forget_all() -> None:
    """Forget every alarm and metric."""
    with _lock:
        _books.clear()
