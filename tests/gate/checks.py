"""Every check there is: one list for people, CI and the gate."""

from dataclasses import dataclass
from pathlib import Path

from emulator.harness import places

BIN = places.ROOT / ".venv" / "bin"
PYTHON = str(places.PYTHON)
_WITHOUT_ENGINE = 69


def _where_an_engine_can(command: str) -> str:
    """Return a command of the shell; where no engine can, the script says so in a line, and a machine that was promised one fails."""
    return f"""\
{command}; code=$?
[ $code != {_WITHOUT_ENGINE} ] || [ -n "$HUNTAZE_ENGINE_PROMISED" ] || exit 0
exit $code
"""


IMAGE = _where_an_engine_can("scripts/build-scraper-image.sh --no-push --jobs $HUNTAZE_IMAGE_OPTIONS")
"""Its last line is the image's digest and platform. The variable holds options of the script, such as another platform."""
CLOCK = _where_an_engine_can("scripts/clock-on.sh linux/arm64")
SCRIPTS = f'PATH="{BIN}:$PATH" exec shellcheck -x huntaze scripts/*.sh .ci/run'
_PLUGINS = places.ROOT / "emulator" / "plugins"
_COVERED = ("unit", "integration", "scraper")
"""They run src/, and leave out what is marked for the gate where it is not the gate that runs them."""


@dataclass(frozen=True)
class Check:
    """A command that passes or fails."""

    name: str
    command: tuple[str, ...]
    is_pytest: bool = False
    in_test: bool = True
    """Whether ``./huntaze test`` runs it too."""
    is_clocked: bool = False
    """Whether it is on virtual time, which work outruns on a crowded machine."""

    def arguments(self, output: Path, *, is_gate: bool, speed: str | None = None) -> list[str]:
        """Return the command, with its reports written to the folder; only the gate runs what is marked for it."""
        added = []
        if self.is_pytest:
            added += [f"--junit-xml={output / f'{self.name}.xml'}"]
        if self.name in (*_COVERED, "load", "faults"):
            added += [f"--artefacts={output / 'failures'}"]
        if self.name in _COVERED and is_gate:
            added += ["--cov", "--cov-report="]
        if self.name in (*_COVERED, "simulation") and not is_gate:
            added += ["-m", "not gate"]
        if self.name in ("integration", "load", "faults") and speed is not None:
            added += ["--speed", speed]
        return [*self.command, *added]


_IN_CONTAINERS = tuple(
    f"tests/integration/test_{name}.py" for name in ("skeleton", "onlyfans_scraper_e2e", "error_handling")
)
_YIELDING = ("nice", "-n", "10")
"""For what only computes: beside it, work on the virtual clock must not wait for a core."""
_SIDE_BY_SIDE = ("-n", "2", "--dist", "loadfile")
_LONGEST_FIRST = ("--dist", "loadfile", "--no-loadscope-reorder")
"""In the order of tests/integration/conftest.py."""
_INTEGRATION = Path("tests/integration")
_AT_SITE = sorted(str(it.relative_to(places.ROOT)) for it in (places.ROOT / _INTEGRATION).glob("test_scraper_*.py"))
"""Tests of the scraper alone, at a fake site: they need no harness, whose start is what costs most."""
CHECKS = (
    Check(
        "integration",
        (
            *(PYTHON, "-m", "pytest", "-q", "-n", "2", *_LONGEST_FIRST),
            *(f"--ignore-glob={places.ROOT / _INTEGRATION}/test_scraper_*", str(_INTEGRATION), "tests/incidents"),
        ),
        is_pytest=True,
        is_clocked=True,
    ),
    Check(
        "scraper",
        (PYTHON, "-m", "pytest", "-q", "-n", "2", *_LONGEST_FIRST, *_AT_SITE),
        is_pytest=True,
        is_clocked=True,
    ),
    Check("lint", (str(BIN / "ruff"), "check", ".")),
    Check("format", (str(BIN / "ruff"), "format", "--check", ".")),
    Check("types", (str(BIN / "mypy"),)),
    Check("scripts", ("sh", "-c", SCRIPTS), in_test=False),
    Check("synthesis", (PYTHON, "scripts/verbs.py", "synth"), in_test=False),
    Check("image", ("sh", "-c", IMAGE), in_test=False, is_clocked=True),
    Check("clock", ("sh", "-c", CLOCK), in_test=False, is_clocked=True),
    Check(
        "faults",
        (PYTHON, "-m", "pytest", "-q", "-n", "2", "tests/faults"),
        is_pytest=True,
        in_test=False,
        is_clocked=True,
    ),
    Check(
        "load", (PYTHON, "-m", "pytest", "-q", "-n", "2", "tests/load"), is_pytest=True, in_test=False, is_clocked=True
    ),
    Check("unit", (*_YIELDING, PYTHON, "-m", "pytest", "-q", *_SIDE_BY_SIDE, "tests/unit"), is_pytest=True),
    Check("simulation", (*_YIELDING, PYTHON, "-m", "pytest", "-q", "tests/simulation"), is_pytest=True),
    Check("plug-ins", (str(places.PLUGINS_PYTHON), "-m", "pytest", "-q", str(_PLUGINS / "tests")), is_pytest=True),
    Check("requirements", (PYTHON, "scripts/verbs.py", "requirements"), in_test=False),
    Check(
        "containers",
        (PYTHON, "-m", "pytest", "-q", "--backend", "containers", *_IN_CONTAINERS),
        is_pytest=True,
        in_test=False,
        is_clocked=True,
    ),
)
"""In the order in which they begin, two at a time: those that mostly wait for the virtual clock beside each other."""
