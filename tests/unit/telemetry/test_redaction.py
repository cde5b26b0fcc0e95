"""No secret that was learnt comes out, however it is wrapped."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.telemetry.redaction import REDACTED, SHORTEST_SECRET, Redactor

SECRETS = st.text(min_size=SHORTEST_SECRET, max_size=40).filter(lambda text: text not in REDACTED)


@given(SECRETS, st.text(), st.text())
def test_a_learnt_secret_is_gone_from_any_text(secret: str, before: str, after: str) -> None:
    """As it stands, as JSON writes it, and as a URL does."""
    redactor = Redactor()
    redactor.learn(secret)
    for spelling in (secret, json.dumps(secret)[1:-1], quote(secret.encode(errors="replace"), safe="")):
        assert secret not in redactor.text(f"{before}{spelling}{after}").replace(REDACTED, "")


@pytest.mark.parametrize("secret", ['x"quoted"\\y', "a/b+c d&e", "tab\there", "naïve-Ünï"])
def test_each_spelling_of_a_secret_is_gone_as_a_whole(secret: str) -> None:
    """As it stands, as JSON, as a URL, and as Python shows it: nothing of it is left at either end."""
    redactor = Redactor()
    redactor.learn("ab", secret)
    for spelling in (secret, json.dumps(secret)[1:-1], quote(secret, safe=""), repr(secret)[1:-1]):
        assert redactor.text(f"<{spelling}>") == f"<{REDACTED}>"


def test_a_secret_within_another_leaves_nothing_of_it() -> None:
    """The longer one goes first, in whatever order they were learnt, and however they sort."""
    redactor = Redactor()
    redactor.learn("zebra-1", "a-zebra-1-b", "zebra-1-and-more")
    assert redactor.text("a-zebra-1-b zebra-1 zebra-1-and-more") == " ".join([REDACTED] * 3)


def test_a_log_line_is_redacted_as_the_value_that_it_is() -> None:
    """The last processor before it is written."""
    redactor = Redactor()
    redactor.learn("hunter2-hunter2")
    line = redactor(None, "info", {"event": "signed in with hunter2-hunter2", "password": "x"})
    assert line == {"event": f"signed in with {REDACTED}", "password": REDACTED}


@given(SECRETS)
def test_a_learnt_secret_is_gone_from_any_structure(secret: str) -> None:
    """Keys, values, lists, and objects that only become text when they are written."""

    class Holder:
        def __str__(self) -> str:
            return f"holder of {secret}"

    redactor = Redactor()
    redactor.learn(secret)
    value = {"a": [secret, {"b": (f"x{secret}", Holder())}], secret: 1}
    assert secret not in str(redactor.value(value)).replace(REDACTED, "")


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "totp_secret",
        "api_key",
        "apikey",
        "Cookie",
        "Authorization",
        "storage_state",
        "receipt_handle",
        "code",
    ],
)
def test_a_field_with_a_secrets_name_is_never_written(name: str) -> None:
    """Even a value that nobody learnt, and one that is short."""
    assert Redactor().value({name: "abc"}) == {name: REDACTED}


def test_ordinary_values_pass() -> None:
    """Numbers, nulls, booleans and plain text are left alone."""
    value = {"a": 1, "b": None, "c": True, "d": "text", "e": [1.5]}
    assert Redactor().value(value) == value


def test_short_secrets_are_not_replaced_in_text() -> None:
    """A two-letter password would otherwise eat every log line."""
    redactor = Redactor()
    redactor.learn("ab", None, "")
    assert redactor.text("cabbage") == "cabbage"


def test_the_oldest_of_very_many_secrets_are_forgotten() -> None:
    """A worker that lives for months does not grow with every session."""
    redactor = Redactor()
    for number in range(10_050):
        redactor.learn(f"secret-{number}")
    assert redactor.text("secret-1 and secret-10049") == f"secret-1 and {REDACTED}"
