"""What is kept of a failing test, and what is not."""

import json
import zipfile
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from emulator.harness.artefacts.redaction import redact_folder
from huntaze_scraper.telemetry.redaction import REDACTED

PLUGINS = ("-p", "emulator.harness.artefacts.plugin", "-p", "no:cacheprovider", "-p", "no:playwright")
"""Playwright's cannot be in a session within a test."""
PASSWORD = 'blue"Bucket&7'
COOKIE = "c0ffee-Session-0123456789"
LEAKS = f"""
import json, urllib.parse
import pytest

class Witness:
    def keep_artefacts(self, folder):
        (folder / "site.log").write_text({PASSWORD!r} + "\\n" + json.dumps({PASSWORD!r}))
        (folder / "form.txt").write_text("password=" + urllib.parse.quote({PASSWORD!r}, safe="") + "&code=123456")
        (folder / "incident-at-noon.zip").write_bytes(b"a bundle")
        return [{PASSWORD!r}]

@pytest.fixture
def site_seen():
    return Witness()

def test_that_fails(site_seen):
    assert 1 == 2

def test_that_passes(site_seen):
    pass
"""


@pytest.fixture
def kept(pytester: pytest.Pytester) -> Path:
    """The folder of a run in which a test failed."""
    pytester.makepyfile(test_leaks=LEAKS)
    result = pytester.runpytest_inprocess(*PLUGINS, "--artefacts", "kept", "--junit-xml=junit.xml")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*- artefacts -*", f"{pytester.path}/kept/test_leaks.test_that_fails"])
    replayed = f"{pytester.path}/kept/test_leaks.test_that_fails/incident-at-noon.zip"
    result.stdout.fnmatch_lines(["*- at your desk -*", f"./huntaze incident replay {replayed}"])
    assert f'name="artefacts" value="{pytester.path}/kept/test_leaks' in (pytester.path / "junit.xml").read_text()
    return pytester.path / "kept"


def test_the_failure_message_says_where_the_artefacts_lie(kept: Path) -> None:
    """One folder for the test that failed, none for the one that passed."""
    assert [it.name for it in kept.iterdir()] == ["test_leaks.test_that_fails"]
    assert {it.name for it in kept.rglob("*.*") if it.is_file()} == {"site.log", "form.txt", "incident-at-noon.zip"}


def test_no_secret_is_kept_however_it_is_spelt(kept: Path) -> None:
    """Neither as it stands, nor as JSON or a form spells it, nor a one-time code."""
    for file in (it for it in kept.rglob("*") if it.is_file() and it.suffix != ".zip"):
        text = file.read_text()
        assert "Bucket" not in text
        assert "123456" not in text
        assert "[redacted]" in text


def test_a_witness_that_fails_hides_no_failure(pytester: pytest.Pytester) -> None:
    """The test's own failure is reported, with the reason why nothing was kept; and nothing is."""
    pytester.makepyfile(LEAKS.replace("return [", "raise OSError('no room')  # ["))
    result = pytester.runpytest_inprocess(*PLUGINS, "--artefacts", "kept")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["E*assert 1 == 2", "none could be kept: OSError: no room; the harness's own logs: none"]
    )
    assert not list(pytester.path.glob("kept/*"))


@pytest.mark.parametrize(
    "leak",
    [
        f"cookie: sid={COOKIE}; theme=dark",
        f'{{"name":"Cookie","value":"sid={COOKIE}"}}',
        f'{{"name": "set-cookie", "value": "sid={COOKIE}; HttpOnly"}}',
        f"Authorization: Bearer {COOKIE}",
        f'{{"SecretAccessKey": "{COOKIE}"}}',
        f"Account(username='creator-01', password='{COOKIE}', totp_secret=None)",
        f"{{'password': '{COOKIE}', 'posts': 1}}",
        json.dumps({"password": f'pä"ss\\{COOKIE}', "posts": 1}),
        json.dumps({"body": json.dumps({"api_key": f'a"b{COOKIE}\\', "posts": 1})}),
        json.dumps(json.dumps(json.dumps({"totp_secret": f'a"{COOKIE}\\"', "posts": 1}))),
        json.dumps(json.dumps({"name": "X-Api-Key", "value": f'"{COOKIE}'})),
    ],
    ids=range(11),
)
def test_secrets_that_nobody_named_are_known_by_their_place(tmp_path: Path, leak: str) -> None:
    """Cookies, authorisations and keys of roles go, wherever they stand; what else is told stays."""
    (tmp_path / "some.log").write_text(f"before\n{leak}\nafter\n")
    redact_folder(tmp_path, [])
    text = (tmp_path / "some.log").read_text()
    assert COOKIE not in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")


def test_json_stays_json_and_what_is_no_secret_is_told(tmp_path: Path) -> None:
    """Names of secrets, codes of errors, empty values and numbers stay, and whatever stands beside a secret."""
    told = {"credentials_secret_id": "huntaze/x", "Code": "Throttling", "password": "", "tokens_remaining": 7, "a": [1]}
    inner = json.dumps({**told, "api_key": 'k"\\', "z": "last"})
    (tmp_path / "some.json").write_text(json.dumps({**told, "api_key": 'k"\\', "body": inner}))
    redact_folder(tmp_path, [])
    kept = json.loads((tmp_path / "some.json").read_text())
    assert kept.pop("body") == json.dumps({**told, "api_key": REDACTED, "z": "last"})
    assert kept == {**told, "api_key": REDACTED}


def test_what_is_no_text_hides_no_secret(tmp_path: Path) -> None:
    """A file cut in the middle of a letter is cleaned like any other, and keeps its other bytes."""
    (tmp_path / "cut.log").write_bytes(b"\xa9 " + PASSWORD.encode() + b' {"password":"unheard-of"} \xff')
    redact_folder(tmp_path, [PASSWORD])
    assert (tmp_path / "cut.log").read_bytes() == b'\xa9 [redacted] {"password":"[redacted]"} \xff'


def test_a_trace_is_kept_without_the_code_that_was_typed(tmp_path: Path) -> None:
    """A one-time code is gone where it was typed, where a snapshot shows it, and where the page posted it."""
    typed = '{"method":"fill","params":{"selector":"input[name=code]","strict":true,"value":"537376","timeout":15000}}'
    with zipfile.ZipFile(tmp_path / "trace.zip", "w") as trace:
        trace.writestr("resources/body.json", '{"code": "537376"}')
        trace.writestr("trace.trace", f'{typed}\n["INPUT",{{"__playwright_value_":"537376"}}]')
    redact_folder(tmp_path, [])
    with zipfile.ZipFile(tmp_path / "trace.zip") as trace:
        assert "537376" not in "".join(trace.read(name).decode() for name in trace.namelist())


def test_a_trace_is_kept_without_the_cookies_that_its_requests_tell(tmp_path: Path) -> None:
    """A cookie that its log of requests names is gone from every part of the zip; pictures stay as they are."""
    with zipfile.ZipFile(tmp_path / "trace.zip", "w") as trace:
        trace.writestr("resources/a.html", f"<p>{COOKIE}</p>")
        trace.writestr("resources/page.jpeg", b"\xff\xd8" + COOKIE.encode())
        trace.writestr("trace.network", f'{{"name":"Set-Cookie","value":"sid={COOKIE}; Path=/"}}')
    redact_folder(tmp_path, [])
    with zipfile.ZipFile(tmp_path / "trace.zip") as trace:
        assert trace.testzip() is None
        assert COOKIE not in (trace.read("resources/a.html") + trace.read("trace.network")).decode()
        assert trace.read("resources/page.jpeg") == b"\xff\xd8" + COOKIE.encode()


def test_a_trace_is_kept_without_the_password_as_the_page_posted_it(tmp_path: Path) -> None:
    """A browser writes JSON without ASCII escapes, and a form writes plus signs for blanks."""
    password = 'pä"ss word-1'
    with zipfile.ZipFile(tmp_path / "trace.zip", "w") as trace:
        trace.writestr("resources/body.json", json.dumps({"password": password}, ensure_ascii=False))
        trace.writestr("resources/form.txt", f"user=c&password={quote_plus(password)}&remember=1")
        action = {"method": "fill", "params": {"value": password}}
        trace.writestr("trace.trace", json.dumps(action, ensure_ascii=False) + "\n" + json.dumps(json.dumps(action)))
    redact_folder(tmp_path, [password])
    with zipfile.ZipFile(tmp_path / "trace.zip") as trace:
        kept = "".join(trace.read(name).decode() for name in trace.namelist())
    assert "word-1" not in kept
    assert "ss" not in kept.replace("password", "")
    assert kept.count(REDACTED) == 4


BEGINNING = """
from pathlib import Path
from types import SimpleNamespace
import pytest
from emulator.harness.artefacts import plugin, witnesses

moment = [100.0]
running = SimpleNamespace(clock=SimpleNamespace(now=lambda: moment[0]), logs=Path("nowhere"))

def harness(pytestconfig):
    pytestconfig.stash[witnesses.RUNNING] = running
    pytestconfig.stash[witnesses.FRESH] = [witnesses.HarnessWitness.from_now(running)]
    return running

harness.__module__ = "emulator.harness.pytest_plugin"  # it stands for the one of there
harness = pytest.fixture(scope="session")(harness)

@pytest.fixture
def replayed(harness):
    moment[0] += 50

@pytest.mark.parametrize("began", [100.0, 150.0])
def test_that_looks_at_what_its_fixture_did(request, replayed, began):
    assert [it.began for it in request.node.stash[plugin._BEGUN]] == [began]
"""


def test_what_a_tests_fixtures_did_belongs_to_it(pytester: pytest.Pytester) -> None:
    """Also in the first test of a session, in whose set-up the harness comes up."""
    pytester.makepyfile(test_beginning=BEGINNING)
    result = pytester.runpytest_inprocess(*PLUGINS)
    result.assert_outcomes(passed=2)
