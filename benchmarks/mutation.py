"""Mutants of the pure modules: how many of them the unit tests tell from the real code."""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from emulator.harness import places
from infra_cdk import bundle

LEAST_KILLED = 90.0
PURE = {
    "huntaze_scraper/jobs.py": ("rate_limiter/test_jobs.py",),
    "huntaze_scraper/rate_limiter/arrivals.py": ("rate_limiter/test_arrivals.py",),
    "huntaze_scraper/rate_limiter/decisions.py": ("rate_limiter/test_decisions.py",),
    "huntaze_scraper/rate_limiter/bucket.py": ("rate_limiter/test_bucket.py", "rate_limiter/test_turns.py"),
    "huntaze_scraper/rate_limiter/turns.py": ("rate_limiter/test_turns.py",),
    "huntaze_scraper/worker/outcome.py": ("worker/test_processor.py", "worker/test_reactions.py"),
    "huntaze_scraper/worker/retry.py": ("worker/test_retry.py",),
    "huntaze_scraper/worker/circuit_breaker.py": ("worker/test_circuit_breaker.py",),
    "huntaze_scraper/onlyfans/classification.py": ("onlyfans/test_classification.py",),
    "huntaze_scraper/onlyfans/media_hosts.py": ("onlyfans/test_media_hosts.py",),
    "huntaze_scraper/telemetry/redaction.py": ("telemetry/test_redaction.py",),
}
"""Each module with the tests of tests/unit that are to kill its mutants."""
KILLED = {"killed", "timeout", "segfault", "caught by type check"}
SETTINGS = """\
[tool.mutmut]
source_paths = ["src"]
only_mutate = {modules}
pytest_add_cli_args_test_selection = {tests}
pytest_add_cli_args = ["-p", "no:cacheprovider", "-q"]
also_copy = ["tests", "pyproject.toml"]
use_git_change_detection = false
[tool.pytest.ini_options]
addopts = ["--strict-markers"]
markers = ["requirement(number): as in the project"]
"""
_RESULT = re.compile(r"^\s*(?P<mutant>huntaze_scraper\S+): (?P<status>.+)$", re.MULTILINE)
_STATE = places.ROOT / ".huntaze" / "mutation"


def main() -> None:
    """Make the mutants, run the tests on each, and tell which live."""
    parser = argparse.ArgumentParser(prog="huntaze bench mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", help=f"parts of their names; all without one: {', '.join(PURE)}")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--show", action="store_true", help="show what the survivors changed")
    options = parser.parse_args()
    chosen = {name: tests for name, tests in PURE.items() if any(it in name for it in options.modules or [""])}
    counts, survivors, text = run(chosen, show=options.show)
    shares = {module: round(100 * killed / total, 1) for module, (killed, total) in counts.items()}
    if options.json:
        print(json.dumps({"killed": shares, "limit": LEAST_KILLED, "survivors": survivors}))
    else:
        table = Table("module", "mutants", "killed", "per cent")
        for module, (killed, total) in counts.items():
            table.add_row(module, str(total), str(killed), f"{shares[module]:.1f}")
        Console().print(table, *survivors, text, sep="\n", markup=False)
    killed, total = (sum(it) for it in zip(*counts.values(), strict=True))
    if 100 * killed < LEAST_KILLED * total:
        sys.exit(f"{killed} of {total} mutants were killed: less than {LEAST_KILLED:g} %")


def run(modules: dict[str, tuple[str, ...]], *, show: bool) -> tuple[dict[str, tuple[int, int]], list[str], str]:
    """Return killed and all mutants by module, the names of the survivors and, where wanted, what they changed."""
    work = _prepare(modules)
    mutmut = [str(_STATE / "venv" / "bin" / "mutmut")]
    env = {**os.environ, "PYTHONPATH": "", "COLUMNS": "200"}
    subprocess.run([*mutmut, "run"], cwd=work, env=env, check=True, stdout=sys.stderr)
    told = subprocess.run([*mutmut, "results", "--all", "true"], cwd=work, env=env, check=True, capture_output=True)
    found = {it["mutant"]: it["status"].strip() for it in _RESULT.finditer(told.stdout.decode())}
    counts: dict[str, tuple[int, int]] = {}
    for module in modules:
        dotted = module.removesuffix(".py").replace("/", ".")
        states = Counter(status in KILLED for mutant, status in found.items() if mutant.startswith(f"{dotted}."))
        counts[module] = (states[True], states.total())
    survivors = sorted(mutant for mutant, status in found.items() if status not in KILLED)
    shown = [
        subprocess.run([*mutmut, "show", it], cwd=work, env=env, check=True, capture_output=True).stdout.decode()
        for it in (survivors if show else ())
    ]
    return counts, survivors, "\n".join(shown)


def _prepare(modules: dict[str, tuple[str, ...]]) -> Path:
    """Lay out what the mutants need in a folder of its own, with an environment that has the tool."""
    env = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(_STATE / "venv")}
    command = [bundle.uv(places.ROOT), "sync", "--quiet", "--group", "mutation", "--no-install-project"]
    subprocess.run(command, cwd=places.ROOT, env=env, check=True)
    work = _STATE / "work"
    shutil.rmtree(work, ignore_errors=True)
    keep_out = shutil.ignore_patterns("__pycache__")
    shutil.copytree(places.ROOT / "src", work / "src", ignore=keep_out)
    shutil.copytree(places.ROOT / "tests" / "unit", work / "tests" / "unit", ignore=keep_out)
    (work / "tests" / "__init__.py").touch()
    tests = sorted({f"tests/unit/{test}" for names in modules.values() for test in names})
    settings = SETTINGS.format(modules=json.dumps([f"src/{it}" for it in modules]), tests=json.dumps(tests))
    (work / "pyproject.toml").write_text(settings)
    return work


if __name__ == "__main__":
    main()
