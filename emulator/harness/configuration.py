"""docs/configuration.md's tables, made from the classes that read the settings: ``python -m emulator.harness.configuration``."""

import re
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from typing import Any

from emulator.harness import places
from huntaze_scraper.settings import RateLimiterSettings, RotationSettings, WorkerSettings
from infra_cdk.options import Options

PAGE = places.ROOT / "docs" / "configuration.md"
_TABLE = re.compile(r"(<!-- made from (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_KINDS = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false"}


def tables() -> dict[str, str]:
    """Return the tables by the name of the class that each is made from."""
    settings = {kind.__name__: _settings(kind) for kind in (RateLimiterSettings, WorkerSettings, RotationSettings)}
    return settings | {"Options": "\n".join(_options()) + "\n"}


def filled(page: str) -> str:
    """Return the page with its tables made anew."""
    made = tables()
    return _TABLE.sub(lambda match: f"{match[1]}{made[match[2]]}{match[3]}", page)


def _settings(kind: Any) -> str:
    rows = ["| variable | is | default | meaning |", "| --- | --- | --- | --- |"]
    for each in fields(kind):
        name = getattr(each.type, "__name__", str(each.type))
        default = "required" if each.default is MISSING else _shown(each)
        rows.append(f"| `{each.name.upper()}` | {_KINDS[name]} | {default} | {each.metadata['help']} |")
    return "\n".join(rows) + "\n"


def _shown(each: "Field[Any]") -> str:
    if isinstance(each.default, bool):
        return f"`{str(each.default).lower()}`"
    return f"`{each.default}`" if each.default != "" else "empty"


def _options() -> Iterator[str]:
    yield "| key | default | meaning |"
    yield "| --- | --- | --- |"
    for each in fields(Options):
        yield f"| `{each.name}` | {_shown(each)} | {each.metadata['help']} |"


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text()))
