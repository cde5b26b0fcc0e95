"""What is kept of a failing test, from a pipeline that has really worked."""

import json
import zipfile
from pathlib import Path

import pytest

from emulator.harness.artefacts.plugin import keep
from emulator.harness.artefacts.witnesses import HarnessWitness
from emulator.harness.harness import Harness
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from huntaze_scraper.operations.incident.reading import read_bundle
from huntaze_scraper.telemetry.redaction import Redactor
from tests.integration.scraper_office import wanted, world


@pytest.mark.browser
def test_a_harness_tells_all_about_a_test_and_no_secret(
    harness: Harness, pipeline: Pipeline, site: SiteControl, tmp_path: Path
) -> None:
    """Site, queues, state, tasks, results, logs and a picture of the browser; no password, cookie or key among them."""
    witness = HarnessWitness.from_now(harness)
    account = next(it for it in site.accounts() if it["totp_secret"])
    job = pipeline.send(
        {
            "action": "send_message",
            "creator_id": account["username"],
            "user_id": "fan-001",
            "message_content": "For the record",
        }
    )
    pipeline.await_results([job])

    kept = keep([witness], tmp_path / "kept")

    files = {str(it.relative_to(kept)) for it in kept.rglob("*") if it.is_file()}
    assert not [it for it in files if it.endswith(".error")]
    assert {"run.json", "site.json", "queues.json", "state.json", "tasks.json", "site.log", "emulator.log"} <= files
    assert {"scraper.log", "limiter.log", f"results/{account['username']}/{job.job_id}.json"} <= files
    if not harness.options.in_containers:  # from outside, its browser cannot be reached
        assert [it for it in files if it.startswith("browser-") and it.endswith(".png")]
        assert "For the record" in "".join(_all_text(it) for it in kept.glob("trace-*.zip"))
    assert job.job_id in (kept / "scraper.log").read_text()
    assert [it["text"] for it in json.loads((kept / "site.json").read_text())["messages"]] == ["For the record"]
    queues = json.loads((kept / "queues.json").read_text())
    assert [it["message_id"] for it in queues["ingress_queue"]["journal"]] == [job.message_id]
    (bundle,) = kept.glob("incident-*.zip")
    assert [it.end for it in read_bundle(bundle).expected.jobs] == ["done"]
    for secret in witness.secrets():
        assert secret not in _all_text(kept)


@pytest.mark.browser
def test_a_test_that_drives_the_browser_itself_leaves_a_trace(tmp_path: Path) -> None:
    """Playwright's trace, a picture and what the site saw; the log-in is in it, the password and the cookies are not.

    In no spelling: a browser posts JSON without ASCII escapes.
    """
    with world() as place:
        office = place.office()
        office.fake.site.passwords[office.account.username] = 'pä"ss-word-1'
        place.run(office.carry_out(wanted(office.account)))

        session = place.run(office.sessions.load(office.account.username))
        assert session is not None

        kept = keep([office], tmp_path / "kept")

        assert {it.name for it in kept.iterdir()} == {"trace-1.zip", "browser-1-page-1.png", "site.json"}
        text = _all_text(kept)
        assert "/api/login" in text
        secrets = [office.fake.site.passwords[office.account.username]]
        secrets += [it["value"] for it in session.state["cookies"]]
        left = Redactor()
        left.learn(*secrets)
        assert left.text(text) == text
        for secret in (*office.fake.site.passwords.values(), *secrets):
            assert secret not in text
        assert "ss-word-1" not in text


def _all_text(folder: Path) -> str:
    files = [it for it in (folder, *folder.rglob("*")) if it.is_file()]
    texts = [it.read_bytes().decode(errors="replace") for it in files]
    for file in (it for it in files if it.suffix == ".zip"):
        with zipfile.ZipFile(file) as archive:
            texts += [archive.read(name).decode(errors="replace") for name in archive.namelist()]
    return "\n".join(texts)
