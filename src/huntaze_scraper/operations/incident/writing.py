"""Writes a bundle whole or not at all, and the same bytes for the same bundle."""

import json
import os
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from huntaze_scraper.operations.incident.bundle import Bundle
from huntaze_scraper.operations.incident.files import DOCUMENTS, PAGE, TABLES, faults

EARLIEST = (1980, 1, 1, 0, 0, 0)


class Unfit(Exception):
    """What was to be written is against its own schema: a fault of the program."""


def write_bundle(bundle: Bundle, path: Path, page: str = "") -> None:
    """Write the bundle as a zip, with its page if there is one. Whoever is cut off leaves nothing under that name."""
    held = contents(bundle) | ({PAGE: page} if page else {})
    with _whole(path) as unfinished, zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, text in held.items():
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100600 << 16
            archive.writestr(entry, text)


def write_text(bundle: Bundle, folder: Path) -> None:
    """Write the bundle's files into a folder: its text form, which a review can read."""
    held = contents(bundle)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in held.items():
        with _whole(folder / name) as unfinished:
            unfinished.write_text(text, encoding="utf-8", newline="")


def contents(bundle: Bundle) -> dict[str, str]:
    """Return each file's text by its name.

    Raises:
        Unfit: a record is against its schema.
    """
    documents: dict[str, Mapping[str, Any]] = {
        "manifest.json": asdict(bundle.manifest),
        "expected.json": asdict(bundle.expected),
        "spans.json": bundle.spans,
    }
    texts = {name: _document(name, json.loads(_json(value))) for name, value in documents.items()}
    return texts | {name: _table(name, getattr(bundle, field)) for name, (_, field, _) in TABLES.items()}


def _document(name: str, value: Mapping[str, Any]) -> str:
    _require(name, DOCUMENTS[name], value)
    indent = None if name == "spans.json" else 1
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent) + "\n"


def _table(name: str, records: Iterable[Any]) -> str:
    schema = TABLES[name][0]
    lines = []
    for record in records:
        value = asdict(record)
        _require(name, schema, value)
        lines.append(_json(value) + "\n")
    return "".join(lines)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _require(name: str, schema: str, value: object) -> None:
    if wrong := faults(schema, value):
        raise Unfit(f"{name}: {wrong}")


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Give a file beside the one that is meant, and let it take that name once it is written and on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    unfinished = Path(name)
    try:
        yield unfinished
        os.fsync(descriptor)
        unfinished.replace(path)
    finally:
        os.close(descriptor)
        unfinished.unlink(missing_ok=True)
