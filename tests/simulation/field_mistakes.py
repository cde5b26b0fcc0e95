"""Faults that were seen in the field, to be put back one by one: the simulation finds these as well.

What was seen below the actions (the browser's pages, the media hosts' answers, the redactor's spellings) has no model
here: ``docs/testing.md`` lists it, with the tests that have it.
"""

import json
import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

import pytest

from huntaze_scraper import jobs
from huntaze_scraper.errors import SignInAgain, StoreUnavailable
from huntaze_scraper.limit.in_force import Scope
from huntaze_scraper.limit.line import Line, Standing, _remembered
from huntaze_scraper.onlyfans import credentials, effects, login_form
from huntaze_scraper.onlyfans.actions import conversation
from huntaze_scraper.onlyfans.likeness import Likeness
from huntaze_scraper.onlyfans.session_store import TooLarge
from huntaze_scraper.onlyfans.sign_in import SignedInTabs
from huntaze_scraper.queues import attributes
from huntaze_scraper.queues.calls import Failed
from huntaze_scraper.queues.limits import MAX_ATTRIBUTES
from huntaze_scraper.state import table
from huntaze_scraper.worker import processor, reactions
from huntaze_scraper.worker.attempts import Attempts
from huntaze_scraper.worker.ledger import DynamoLedger
from huntaze_scraper.worker.message import Message
from huntaze_scraper.worker.readiness import Readiness

SENDING: Any = import_module("huntaze_scraper.onlyfans.actions.send_message")
PROFILE: Any = import_module("huntaze_scraper.onlyfans.actions.scrape_profile")
LINE: Any = import_module("huntaze_scraper.limit.line")


def received_though_nothing_works(patch: pytest.MonkeyPatch) -> None:
    """Take messages while a store is down, and hand each back for half a minute: the redrive ends them."""

    async def ready(_: Readiness) -> bool:
        return True

    patch.setattr(Readiness, "ready", ready)
    patch.setattr(Message, "stand_by_seconds", property(lambda _: 30.0))


def limit_taken_at_its_word_for_ever(patch: pytest.MonkeyPatch) -> None:
    """Come back whenever the site says, however often that was in vain."""
    patch.setattr(reactions, "limit_seconds", lambda asked, _row: asked)


def denied_taken_for_refused(patch: pytest.MonkeyPatch) -> None:
    """Count it against a job that the table's key cannot be used."""
    patch.setattr(table, "NEVER", table.NEVER | {"AccessDeniedException"})


def cut_off_taken_for_dead(patch: pytest.MonkeyPatch) -> None:
    """Count a lease that nobody could give back as a worker's death."""
    patch.setattr(DynamoLedger, "_was_cut_off", lambda *_: False)


def begun_anew_each_time(patch: pytest.MonkeyPatch) -> None:
    """Keep nothing of what is read or downloaded for the next attempt."""

    async def keep(*_: Any) -> None:
        pass

    patch.setattr(processor._Once, "keep", keep)


def large_session_taken_for_an_outage(patch: pytest.MonkeyPatch) -> None:
    """Hand a job back because its session finds no room in the store."""

    async def share(it: SignedInTabs, account: str, state: Any, lease: str, known_version: int) -> int:
        try:
            saved = await it._store.save(account, state, lease)
        except TooLarge as error:
            raise StoreUnavailable(str(error)) from None
        return saved.version if saved else known_version

    patch.setattr(SignedInTabs, "_share", share)


def refused_log_in_held_against_the_job(patch: pytest.MonkeyPatch) -> None:
    """Reject a job whose account is not let in."""
    patch.setattr(login_form, "_refused", lambda refusal: refusal)


def overlay_taken_for_a_refusal(patch: pytest.MonkeyPatch) -> None:
    """Do not ask, after a refusal, whether the session is over."""

    async def act(it: Attempts, run: Any) -> Any:
        return await it._actions[run.job.action](run)

    patch.setattr(Attempts, "_act", act)


def any_failed_entry_taken_for_gone(patch: pytest.MonkeyPatch) -> None:
    """Give a message up that SQS failed to extend once."""
    patch.setattr(Failed, "is_gone", property(lambda _: True))


def texts_compared_letter_by_letter(patch: pytest.MonkeyPatch) -> None:
    """Do not know a message again that the site has changed."""
    patch.setattr(effects, "likeness", lambda ours, theirs: Likeness.SAME if ours == theirs else Likeness.OTHER)


def every_letter_wanted_of_the_input(patch: pytest.MonkeyPatch) -> None:
    """Refuse a job whose text the input field changes."""
    patch.setattr(SENDING, "is_whole", lambda text, held: text == held)


def mark_that_is_gone_taken_for_proof(patch: pytest.MonkeyPatch) -> None:
    """Take any message of the same words for ours where the mark's own was deleted."""
    patch.setattr(effects, "_is_before", lambda *_: False)
    patch.setattr(effects, "_is_after", lambda *_: True)


def default_credentials_for_any_name(patch: pytest.MonkeyPatch) -> None:
    """Act as the default secret's account for a creator who has none."""
    patch.setattr(credentials, "_names", lambda *_: True)


def optional_key_wanted(patch: pytest.MonkeyPatch) -> None:
    """Take a secret without ``api_key`` for none."""
    right = credentials._credentials

    def read(values: Mapping[str, Any]) -> Any:
        if "api_key" not in values:
            raise SignInAgain("the secret has no api_key")
        return right(values)

    patch.setattr(credentials, "_credentials", read)


def same_page_read_for_ever(patch: pytest.MonkeyPatch) -> None:
    """Read on as long as the site says that there is more, whatever it shows."""

    async def pages(tab: Any, fan: str, seconds: float, known: Iterable[str] = (), *_: Any) -> Any:
        read = list(known)
        while True:
            page = await conversation._after(tab, fan, read, seconds)
            read += [message["id"] for message in page.messages]
            yield page
            if not page.has_more:
                return

    patch.setattr(conversation, "pages", pages)


def first_digits_taken_for_the_count(patch: pytest.MonkeyPatch) -> None:
    """Read ``1,204`` as 1."""

    def count(text: str, *_: Any) -> int:
        found = re.search(r"\d+", text)
        return int(found[0]) if found else 0

    patch.setattr(PROFILE, "count", count)


def last_of_two_names_wins(patch: pytest.MonkeyPatch) -> None:
    """Read a job that names two creators as the last one's."""
    patch.setattr(jobs, "_JSON", json.JSONDecoder())


def no_room_made_for_the_reason(patch: pytest.MonkeyPatch) -> None:
    """Let a producer's attributes keep a dead letter's reason out, or be overwritten by it."""

    def with_reasons(original: Any, reasons: Mapping[str, str]) -> Any:
        room = MAX_ATTRIBUTES - len(original)
        return dict(original) | {name: attributes.text(each) for name, each in [*reasons.items()][: max(room, 0)]}

    patch.setattr(attributes, "with_reasons", with_reasons)


def least_urgent_never(patch: pytest.MonkeyPatch) -> None:
    """Let the less urgent wait for as long as anything more urgent does."""
    patch.setattr(LINE, "TURNS_OF_WHICH_ONE", 10**9)


def accounts_one_after_the_other(patch: pytest.MonkeyPatch) -> None:
    """Let one account's whole line go before the next account's."""

    def served(it: Line, priority: Any, account: str) -> Line:
        was = it.standings[priority][account]
        accounts = {**it.standings[priority], account: Standing(was.waiting - 1, was.tag)}
        return Line({**it.standings, priority: _remembered(accounts, was.tag)}, it.tags, it.passed)

    patch.setattr(Line, "served", served)


def scope_changed_at_once(patch: pytest.MonkeyPatch) -> None:
    """Let two scopes of the limit count side by side."""
    patch.setattr(Scope, "opens_in", lambda _: 0.0)
