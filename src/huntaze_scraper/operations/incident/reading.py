"""Reads a bundle that anybody may have made: nothing of it is executed, nothing leaves it, nothing grows without bound."""

import json
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from huntaze_scraper import jobs
from huntaze_scraper.errors import InvalidJob
from huntaze_scraper.operations.incident.bundle import (
    FORMAT,
    AlarmChange,
    Bundle,
    Ending,
    Expected,
    Manifest,
    Missing,
)
from huntaze_scraper.operations.incident.errors import BadBundle
from huntaze_scraper.operations.incident.files import DOCUMENTS, NAMES, PAGE, TABLES, faults

MOST_PACKED_BYTES = 16 * 2**20
MOST_BYTES = 64 * 2**20
"""Of all files together, unpacked."""
MOST_DEPTH = 60

_AGAIN = "capture it again, or get a whole copy"


def read_bundle(path: Path) -> Bundle:
    """Read a bundle: a zip, or a folder that holds the same files (its text form).

    Raises:
        BadBundle: it cannot be used; one line says why and what to do.
    """
    if not path.exists():
        raise BadBundle(f"there is no {path}: name a bundle (incident-NAME.zip) or a folder that holds one")
    held = dict(_folder(path) if path.is_dir() else _archive(path))
    if "manifest.json" not in held:
        raise BadBundle(f"{path} has no manifest.json and so is no bundle: name an incident-NAME.zip, or {_AGAIN}")
    parsed = _Parsed(path, held)
    manifest = parsed.document("manifest.json", is_first=True)
    documents = {name: parsed.document(name) for name in DOCUMENTS if name in held}
    tables: dict[str, Any] = {
        field: tuple(record(**it) for it in parsed.table(name, schema))
        for name, (schema, field, record) in TABLES.items()
    }
    missing = tuple(Missing(**it) for it in manifest["missing"])
    spans = documents.get("spans.json", {"resourceSpans": []})
    return Bundle(
        manifest=Manifest(**{**manifest, "missing": missing}),
        spans=spans,
        expected=_expected(documents.get("expected.json", {})),
        **tables,
    )


def _expected(document: Mapping[str, Any]) -> Expected:
    return Expected(
        jobs=tuple(Ending(**it) for it in document.get("jobs", ())),
        order={account: tuple(ids) for account, ids in document.get("order", {}).items()},
        alarms=tuple(AlarmChange(**it) for it in document.get("alarms", ())),
    )


def _archive(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a zip, which are known by name before a byte is unpacked."""
    _require_size(path, path.stat().st_size, MOST_PACKED_BYTES)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _require_names(path, [it.filename for it in entries])
            # A zip tells the sizes itself, and no more than what it tells is ever unpacked.
            _require_size(path, sum(it.file_size for it in entries), MOST_BYTES)
            for entry in (it for it in entries if it.filename != PAGE):
                if stat.S_ISLNK(entry.external_attr >> 16):
                    raise BadBundle(f"{path} holds a link, which no bundle does: {_AGAIN}")
                with archive.open(entry) as held:
                    yield entry.filename, held.read(entry.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        raise BadBundle(f"{path} is damaged or no zip ({type(error).__name__}): {_AGAIN}") from None


def _folder(path: Path) -> Iterator[tuple[str, bytes]]:
    left = MOST_BYTES
    for name in sorted(NAMES):
        file = path / name
        if file.is_symlink() or (file.exists() and not file.is_file()):
            raise BadBundle(f"{file} is no plain file: put the bundle's own file there")
        if file.exists():
            _require_size(path, file.stat().st_size, left)
            content = file.read_bytes()
            left -= len(content)
            yield name, content


def _require_names(path: Path, names: list[str]) -> None:
    for name in names:
        if name not in NAMES and name != PAGE:
            leaves = ".." in name or "/" in name or "\\" in name
            what = "a path that leaves it" if leaves else "a file that no bundle has"
            raise BadBundle(f"{path} holds {what} ({name[:60]!r}): it is not used; {_AGAIN}")
    if len(set(names)) < len(names):
        raise BadBundle(f"{path} holds a file twice: it is not used; {_AGAIN}")


def _require_size(path: Path, size: int, most: int) -> None:
    if size > most:
        raise BadBundle(
            f"{path} is too large: {size} bytes where {most} are allowed; capture less, by --job or a shorter --since"
        )


class _Parsed:
    """The files of one bundle, parsed and held against their schemas."""

    def __init__(self, path: Path, held: Mapping[str, bytes]) -> None:
        self._path = path
        self._held = held

    def document(self, name: str, *, is_first: bool = False) -> dict[str, Any]:
        value = self._parse(name, self._held[name])
        if is_first:
            self._require_version(value)
        self._require(name, DOCUMENTS[name], value)
        return value

    def table(self, name: str, schema: str) -> Iterator[dict[str, Any]]:
        for number, line in enumerate(self._held.get(name, b"").split(b"\n"), 1):
            if line.strip():
                value = self._parse(f"{name}, line {number}", line)
                self._require(f"{name}, line {number}", schema, value)
                yield value

    def _require_version(self, manifest: Mapping[str, Any]) -> None:
        version = manifest.get("format")
        if isinstance(version, int) and version > FORMAT:
            raise BadBundle(
                f"{self._path} is of version {version}, this huntaze reads up to {FORMAT}: update it, then try again"
            )

    def _require(self, where: str, schema: str, value: object) -> None:
        if wrong := faults(schema, value):
            raise BadBundle(f"{self._path}: {where} is against the schema incident/{schema}.json: {wrong}; {_AGAIN}")

    def _parse(self, where: str, content: bytes) -> dict[str, Any]:
        try:
            value = json.loads(content.decode(), parse_constant=_no_constant)
            jobs.canonical_json(value).encode()  # a lone half of a character, a number beyond a double
            _require_depth(value, MOST_DEPTH)
        except (ValueError, RecursionError) as error:
            raise BadBundle(f"{self._path}: {where} is no sound JSON ({type(error).__name__}): {_AGAIN}") from None
        if not isinstance(value, dict):
            raise BadBundle(f"{self._path}: {where} is no JSON object: {_AGAIN}")
        return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _require_depth(value: object, left: int) -> None:
    if left == 0:
        raise ValueError("too deep")
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            _require_depth(each, left - 1)


def job_of(body: Mapping[str, Any] | str) -> jobs.Job | None:
    """Return the job that a message's body holds, if it holds one."""
    try:
        return jobs.parse(body_text(body))
    except InvalidJob:
        return None


def body_text(body: Mapping[str, Any] | str) -> str:
    """Return a message's body as its queue has it."""
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
