"""The drawings of docs/architecture.md, made from the arrows that import-linter holds: ``python -m tests.house.drawing``."""

import re
import tomllib

from emulator.harness.places import ROOT
from tests.house.contracts import EVERYTHING, read

PAGE = ROOT / "docs" / "architecture.md"
SRC = "huntaze_scraper"
SHIPS = (SRC, "infra_cdk")
_DRAWING = re.compile(r"(<!-- made from the arrows: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def arrows() -> dict[str, set[str]]:
    """Return the arrows of pyproject.toml."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (rooms,) = (it for it in contracts if it["type"] == "rooms")
    return read(rooms["arrows"])


def filled(page: str) -> str:
    """Return the page with its drawings made anew."""
    made = {"programs": programs(), "package": package()}
    return _DRAWING.sub(lambda match: f"{match[1]}{made[match[2]]}{match[3]}", page)


def programs() -> str:
    """Draw the two programs, with the package as one room."""
    found = {(_whole(one), _whole(other)) for one, others in arrows().items() for other in others}
    rooms = sorted({_whole(room) for room, others in arrows().items() if EVERYTHING not in others} - {"emulator"})
    lines = ["flowchart TB"]
    for title, of_title in (("what ships", True), ("what stands in for the world", False)):
        lines.append(f'    subgraph {title.split()[1]}["{title}"]')
        lines += [f'        {_id(room)}["{room}"]' for room in rooms if room.startswith(SHIPS) is of_title]
        lines.append("    end")
    return _mermaid(lines, {pair for pair in found if pair[0] in rooms and pair[0] != pair[1]})


def package() -> str:
    """Draw the rooms of the package; the modules beside them, which all may use, are left out."""
    inside = {room: others for room, others in arrows().items() if room.startswith(f"{SRC}.")}
    lines = ["flowchart TB", *(f'    {_id(room)}["{room.removeprefix(f"{SRC}.")}"]' for room in sorted(inside))]
    return _mermaid(lines, {(one, other) for one, others in inside.items() for other in others if other in inside})


def _mermaid(lines: list[str], pairs: set[tuple[str, str]]) -> str:
    drawn = [*lines, *(f"    {_id(one)} --> {_id(other)}" for one, other in sorted(pairs))]
    return "```mermaid\n" + "\n".join(drawn) + "\n```\n"


def _whole(room: str) -> str:
    return SRC if room.startswith(SRC) else "infra_cdk" if room.startswith("infra_cdk") else room


def _id(room: str) -> str:
    return room.replace(".", "_")


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text()))
