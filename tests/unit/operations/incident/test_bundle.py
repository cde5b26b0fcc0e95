import json
import os
import stat
import zipfile
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huntaze_scraper.operations.incident import reading, writing
from huntaze_scraper.operations.incident.bundle import FORMAT, Bundle
from huntaze_scraper.operations.incident.errors import BadBundle
from huntaze_scraper.operations.incident.files import TABLES, schema_of
from huntaze_scraper.operations.incident.reading import read_bundle
from huntaze_scraper.operations.incident.writing import Unfit, contents, write_bundle, write_text
from tests.unit.operations.incident.example import example


@pytest.fixture
def zipped(tmp_path: Path) -> Path:
    path = tmp_path / "incident-example.zip"
    write_bundle(example(), path)
    return path


def test_what_is_written_is_read_again_from_either_form(tmp_path: Path, zipped: Path) -> None:
    """A bundle comes back equal from its zip and from its folder, and the same bundle gives the same bytes."""
    write_text(example(), tmp_path / "text")

    assert read_bundle(zipped) == example()
    assert read_bundle(tmp_path / "text") == example()
    write_bundle(example(), tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == zipped.read_bytes()


def test_a_page_in_a_bundle_is_for_people_alone(tmp_path: Path) -> None:
    """It lies beside the records, and whatever it says changes nothing of what is read."""
    path = tmp_path / "incident-example.zip"
    write_bundle(example(), path, "<!doctype html><p>anything")

    with zipfile.ZipFile(path) as archive:
        assert archive.read("timeline.html") == b"<!doctype html><p>anything"
    assert read_bundle(path) == example()


def test_every_record_has_its_schema() -> None:
    """Each table's schema names exactly the fields of its record, and refuses any other."""
    for field, table in ((field, it) for it in TABLES.values() for field in [it[1]]):
        record = getattr(example(), field)[0]
        schema = schema_of(table[0])
        assert set(schema["properties"]) == {it.name for it in fields(record)}, table
        assert schema["additionalProperties"] is False


def _zip(path: Path, held: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in held.items():
            archive.writestr(name, text)
    return path


def _changed(name: str, change: Callable[[str], str]) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        held = contents(example())
        _zip(path, held | {name: change(held.get(name, ""))})

    return apply


def _manifest(**values: object) -> Callable[[Path], None]:
    return _changed("manifest.json", lambda text: json.dumps(json.loads(text) | values))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)


def _bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", contents(example())["manifest.json"])
        with archive.open("lines.jsonl", "w") as held:
            for _ in range(reading.MOST_BYTES // 2**20 + 1):
                held.write(b" " * 2**20)


def _link(path: Path) -> None:
    entry = zipfile.ZipInfo("jobs.jsonl")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", contents(example())["manifest.json"])
        archive.writestr(entry, "/etc/passwd")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_cut, "damaged"),
        (_flip, "damaged"),
        (lambda path: path.write_bytes(b""), "damaged or no zip"),
        (lambda path: path.unlink(), "there is no"),
        (_bomb, "too large"),
        (lambda path: os.truncate(path, reading.MOST_PACKED_BYTES + 1), "too large"),
        (_link, "link"),
        (_manifest(format=FORMAT + 1), "update it"),
        (_manifest(format="1"), "schema incident/manifest.json"),
        (_manifest(t0="yesterday"), "schema"),
        (_changed("../../evil.py", lambda _: "x"), "a path that leaves it"),
        (_changed("/etc/passwd", lambda _: "x"), "a path that leaves it"),
        (_changed("setup.py", lambda _: "x"), "a file that no bundle has"),
        (_changed("jobs.jsonl", lambda text: text + '{"at_seconds": 1}\n'), "jobs.jsonl, line 2"),
        (_changed("jobs.jsonl", lambda _: "{"), "no sound JSON"),
        (_changed("jobs.jsonl", lambda _: "[" * 100_000), "no sound JSON"),
        (_changed("jobs.jsonl", lambda _: "[]"), "no JSON object"),
        (_changed("lines.jsonl", lambda text: text.replace("1500", "NaN")), "no sound JSON"),
        (_changed("lines.jsonl", lambda text: text.replace("1500", "1e999")), "no sound JSON"),
        (_changed("lines.jsonl", lambda text: text.replace("rate_limit", "\\ud800")), "no sound JSON"),
        (_changed("state.jsonl", lambda text: text.replace("job#", "session#")), "schema incident/state.json"),
        (lambda path: _zip(path, {"jobs.jsonl": ""}), "no manifest.json"),
    ],
)
def test_a_bad_bundle_is_refused_in_one_line(zipped: Path, spoil: Callable[[Path], None], told: str) -> None:
    """What is damaged, too new, too large, a bomb, leaves its folder or breaks a schema: one line, and what to do."""
    spoil(zipped)

    with pytest.raises(BadBundle) as refused:
        read_bundle(zipped)

    text = str(refused.value)
    assert told in text
    assert "\n" not in text
    assert refused.value.exit_code == 2


def test_a_folder_may_hold_no_link(tmp_path: Path) -> None:
    """A file of the text form that is a link is not followed."""
    write_text(example(), tmp_path / "text")
    (tmp_path / "text" / "jobs.jsonl").unlink()
    (tmp_path / "text" / "jobs.jsonl").symlink_to("/etc/passwd")

    with pytest.raises(BadBundle, match="no plain file"):
        read_bundle(tmp_path / "text")


@given(st.binary(max_size=300), st.integers(0, 5_000))
@settings(max_examples=150)
def test_any_bytes_are_a_bundle_or_refused(noise: bytes, place: int) -> None:
    """Whatever stands in a file, reading it ends in a bundle or in BadBundle, and in nothing else."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "incident.zip"
        write_bundle(example(), path)
        content = bytearray(path.read_bytes())
        content[place : place + len(noise)] = noise
        path.write_bytes(content)
        try:
            assert isinstance(read_bundle(path), Bundle)
        except BadBundle as refused:
            assert "\n" not in str(refused)  # noqa: PT017 - either end will do


def test_whoever_is_cut_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle that is not written to its end is not there, and one that was there before still is."""

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "incident-example.zip"
    write_bundle(example(), path)
    before = path.read_bytes()
    monkeypatch.setattr(writing.zipfile.ZipFile, "writestr", fail)
    with pytest.raises(KeyboardInterrupt):
        write_bundle(replace(example(), lines=()), path)

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_against_its_schema_is_written(tmp_path: Path) -> None:
    """A record that its own schema refuses is a fault of the program, and no file comes of it."""
    session = replace(example().state[0], key="session#creator-01")
    with pytest.raises(Unfit):
        write_bundle(replace(example(), state=(session,)), tmp_path / "incident.zip")

    assert list(tmp_path.iterdir()) == []
