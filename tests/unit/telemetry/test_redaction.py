"""No secret that was learnt comes out, however it is wrapped."""

import base64
import html
import json
import quopri
import time
import timeit
from collections.abc import Iterable
from functools import reduce
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from huntaze_scraper.telemetry.redaction import REDACTED, SHORTEST_SECRET, Redactor
from tests.unit.telemetry.spelling import (
    BY_CHARACTER,
    INSIDE,
    Spelling,
    basic,
    json_ascii,
    json_in_capitals,
    json_unescaped,
    percent,
    quotes_cut,
    shell_quoted,
)

AWKWARD = st.text(
    st.sampled_from("aA0ä漢🌙é\"'\\%&+;#=/ <>`$\n\t{}u4x1") | st.characters(codec="utf-8"), min_size=5, max_size=24
)
"""What an ill-meaning password is made of."""
SECRETS = st.text(min_size=SHORTEST_SECRET, max_size=40).filter(lambda text: text not in REDACTED)


@given(SECRETS, st.text(), st.text())
def test_a_learnt_secret_is_gone_from_any_text(secret: str, before: str, after: str) -> None:
    """As it stands, as JSON writes it, and as a URL does."""
    redactor = Redactor()
    redactor.learn(secret)
    for spelling in (secret, json.dumps(secret)[1:-1], quote(secret.encode(errors="replace"), safe="")):
        assert secret not in redactor.text(f"{before}{spelling}{after}").replace(REDACTED, "")


def spelt(secret: str, spellings: Iterable[Spelling]) -> str:
    """Return what all of them make of it, one after the other."""
    return reduce(lambda text, spell: spell(text), spellings, secret)


@given(
    st.builds("{}{}{}".format, st.sampled_from("aZ9ä"), AWKWARD, st.sampled_from("aZ9ä")),
    st.lists(st.sampled_from(INSIDE), max_size=3),
)
@example('pä"ss-word-1', [json_unescaped])
@example('pä"ss-word-1', [json_in_capitals, percent, html.escape])
@example("pä ss&word+1", [quote_plus, quote_plus])
@example("p%C3%A4 100%25\\u0041", [json_ascii, basic])
def test_every_spelling_of_a_secret_is_gone_as_a_whole(secret: str, spellings: list[Spelling]) -> None:
    """However many spell it one after the other: nothing of it is left at either end."""
    redactor = Redactor()
    redactor.learn("ab", secret)
    assert redactor.text(f"<{spelt(secret, spellings)}>") == f"<{REDACTED}>"


@given(AWKWARD, st.lists(st.sampled_from([*INSIDE, shell_quoted]), max_size=2), st.sampled_from([quotes_cut, str]))
@example('pä"ss-word-1', [json_ascii, quotes_cut], str)
def test_what_a_shell_makes_of_a_secret_is_gone(secret: str, spellings: list[Spelling], first: Spelling) -> None:
    """Quotes that it put there at any time, or took away before, hide nothing."""
    secret = f"first{secret}last"
    redactor = Redactor()
    redactor.learn(secret)
    left = redactor.text(f"<{spelt(secret, [first, *spellings, shell_quoted])}>")
    assert REDACTED in left
    assert "first" not in left
    assert "last" not in left


@given(AWKWARD, st.lists(st.sampled_from(INSIDE), max_size=2))
@example("pä=C3ss-word 1" * 9, [percent])
def test_what_a_mail_makes_of_a_secret_is_gone(secret: str, spellings: list[Spelling]) -> None:
    """Quoted-printable, its lines broken, around whatever spelt it before."""
    secret = f"a{secret}z"
    redactor = Redactor()
    redactor.learn(secret)
    mail = quopri.encodestring(f"<{spelt(secret, spellings)}>".encode(), quotetabs=True).decode()
    assert redactor.text(mail) == f"<{REDACTED}>"


def test_what_only_looks_like_a_mail_is_read_as_it_is() -> None:
    """An equals sign stands before many a secret."""
    redactor = Redactor()
    redactor.learn("C3abc d-word")
    assert redactor.text("password=C3abc%2520d-word&x=1") == f"password={REDACTED}&x=1"


@given(AWKWARD, st.data())
def test_a_secret_that_is_spelt_in_part_is_gone(secret: str, data: st.DataObject) -> None:
    """Each character may be spelt in another way."""
    secret = f"a{secret}z"
    ways = data.draw(st.lists(st.sampled_from(BY_CHARACTER), min_size=len(secret), max_size=len(secret)))
    redactor = Redactor()
    redactor.learn(secret)
    assert redactor.text("<" + "".join(way(it) for way, it in zip(ways, secret, strict=True)) + ">") == f"<{REDACTED}>"


@pytest.mark.parametrize("user", ["", "c", "cr", "cre"])
@pytest.mark.parametrize("padding", ["", "=", "=="])
def test_base64_hides_no_secret_wherever_it_begins(user: str, padding: str) -> None:
    """At each of the three places, in a path, in either alphabet, with or without its padding."""
    redactor = Redactor()
    redactor.learn('pä"ss-word-1')
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        header = encode(f'{user}:pä"ss-word-1?>'.encode()).decode().rstrip("=") + padding
        assert redactor.text(f"Authorization: Basic {header}\n") == f"Authorization: Basic {REDACTED}\n"
        assert redactor.text(f"x/{header} y") == f"{REDACTED} y"


@pytest.mark.parametrize(
    "unit",
    ["\\" * 64, "%25" * 20, "&amp;" * 12, "QUJD" * 16, "secret-", "a\\u0041\n", "é"],
    ids=["backslashes", "percent", "entities", "base64", "hits", "escapes", "letters"],
)
def test_the_cost_grows_with_the_text_and_not_with_the_secrets(unit: str) -> None:
    """Sixteen times the text takes no 256 times the time, whatever it is made of, and however much is known."""
    redactor = Redactor()
    redactor.learn(*(f"secret-{number}" for number in range(10_000)))
    text = unit * (10_000 // len(unit))

    def least_seconds(text: str) -> float:
        return min(timeit.repeat(lambda: redactor.text(text), time.process_time, repeat=3, number=1))

    assert least_seconds(text * 16) < 64 * least_seconds(text) + 0.3


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


def test_a_number_that_is_a_secret_is_hidden_and_no_other() -> None:
    """A password of digits may be logged as the number that it looks like."""
    redactor = Redactor()
    redactor.learn("271828")
    assert redactor.value({"a": 271828, "b": 271829, "c": 1.5}) == {"a": REDACTED, "b": 271829, "c": 1.5}
