"""LocalStack's own tests, on LocalStack alone and with the plug-ins: what fails with them that passes without.

    git clone --depth 1 --branch v4.14.0 https://github.com/localstack/localstack /tmp/localstack
    ./huntaze bench localstack_suite /tmp/localstack tests/aws/services/sqs

The suite compares with snapshots that its authors took of AWS. It starts LocalStack itself, at port 4566. With `--moto`
it is moto's own suite instead, which has a mode for servers; nothing is put back between its tests, so that some of
them meet what others left, on both alike:

    git clone --depth 1 --branch 5.1.21 https://github.com/getmoto/moto /tmp/moto
    ./huntaze bench localstack_suite --moto /tmp/moto tests/test_sqs
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree as ET

from localprocs import settings
from localprocs.host.child import require_free
from rich.console import Console

from emulator.harness import places
from infra_cdk import bundle

type Outcomes = dict[str, str]
"""How each test ended, by its name: passed, failed or skipped."""

_STATE = places.ROOT / ".huntaze" / "localstack-suite"
_PLUGINS = places.ROOT / "emulator" / "plugins"
_PORT = 4566
_NEEDS = [
    "localstack-snapshot",
    "pytest",
    "pytest-httpserver",
    "coverage",
    "httpx[http2]",
    "json5",
    "websocket-client",
    "aws-cdk-lib",
    # For --timeout: some tests wait for what cannot come without Docker.
    "pytest-timeout",
    # For moto's.
    "freezegun",
]
"""What LocalStack lists for its tests, and those here use."""
_ROUNDS = 3
"""What ends differently is run so often at most, since some of the tests are a matter of luck."""
_LAST_SECONDS = 15
"""LocalStack has so long to end after the last test."""
_OPTIONS = ["-q", "-p", "no:cacheprovider", "--show-capture=no", "--tb=line"]
_MOTO_OPTIONS = [
    *("-p", "localstack.testing.pytest.in_memory_localstack", "--start-localstack"),
    *("-p", "benchmarks._moto_suite"),
    # These are of moto's own HTTP server.
    *("--ignore-glob", "*/test_server.py", "--continue-on-collection-errors"),
]
_MOTO_ENVIRONMENT = {
    "TEST_SERVER_MODE": "true",
    "TEST_SERVER_MODE_ENDPOINT": f"http://127.0.0.1:{_PORT}",
    "MOTO_CALL_RESET_API": "false",
    "GATEWAY_LISTEN": f"127.0.0.1:{_PORT}",
    # The emulator makes a key of twelve digits its account's, and this one stands in the tests.
    "AWS_ACCESS_KEY_ID": "123456789012",
    "AWS_SECRET_ACCESS_KEY": "test",
    "PYTHONPATH": str(places.ROOT),
}


def main() -> None:
    """Run both, and tell."""
    parser = argparse.ArgumentParser(prog="huntaze bench localstack_suite", description=__doc__)
    parser.add_argument(
        "suite", type=Path, help="a clone of LocalStack's repository at v4.14.0, or of moto's at 5.1.21"
    )
    parser.add_argument("tests", nargs="+", help="pytest's arguments: files or folders of the suite, -k …")
    parser.add_argument("--moto", action="store_true", help="the suite is moto's")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options, more = parser.parse_known_args()
    if not (options.suite / "tests" / ("test_sqs" if options.moto else "aws/conftest.py")).exists():
        parser.error(f"{options.suite} is no clone of {"moto's" if options.moto else "LocalStack's"} repository")
    require_free(_PORT)
    alone, ours = compare(options.suite, [*options.tests, *more], moto=options.moto)
    worse, better = differing(ours, alone), differing(alone, ours)
    if options.json:
        counts = {name: Counter(found.values()) for name, found in (("alone", alone), ("with plug-ins", ours))}
        print(json.dumps({**counts, "fail only with plug-ins": worse, "fail only alone": better}))
    else:
        tell(alone, ours, worse, better)
    sys.exit(bool(worse))


def compare(suite: Path, tests: list[str], *, moto: bool) -> tuple[Outcomes, Outcomes]:
    """Run the tests on both, and what ends differently again."""
    alone, ours = (run(suite, tests, with_plugins=it, moto=moto) for it in (False, True))
    for _ in range(_ROUNDS - 1):
        again = [*differing(ours, alone), *differing(alone, ours)]
        if not again:
            break
        for found, with_plugins in ((alone, False), (ours, True)):
            for name, outcome in run(suite, again, with_plugins=with_plugins, moto=moto).items():
                found[name] = "passed" if "passed" in (found.get(name), outcome) else outcome
    return alone, ours


def differing(failing: Outcomes, passing: Outcomes) -> list[str]:
    """Return the tests that fail in one and pass in the other."""
    return sorted(it for it, outcome in failing.items() if outcome == "failed" and passing.get(it) == "passed")


def run(suite: Path, tests: list[str], *, with_plugins: bool, moto: bool) -> Outcomes:
    """Run tests of the suite, LocalStack in their process."""
    state = _STATE / ("with-plugins" if with_plugins else "alone")
    python = _environment(state, with_plugins=with_plugins)
    scratch = state / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    report = scratch / "report.xml"
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        **(dict(settings.FIXED) if with_plugins else {}),
        "TMPDIR": str(scratch),
        "OVERRIDE_IN_DOCKER": "0",
        "FILESYSTEM_ROOT": str(state / "cache"),
        "XDG_CACHE_HOME": str(state / "cache"),
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DISABLE_EVENTS": "1",
        "DNS_ADDRESS": "0",
        # The suite wants LocalStack's default.
        "SQS_ENDPOINT_STRATEGY": "standard",
        **(_MOTO_ENVIRONMENT if moto else {}),
    }
    more = _MOTO_OPTIONS if moto else []
    command = [str(python), "-m", "pytest", *_OPTIONS, *more, f"--junitxml={report}", *tests]
    with (
        (scratch / "localstack.log").open("w") as log,
        subprocess.Popen(command, cwd=suite, env=env, stdout=sys.stderr, stderr=log) as tester,
    ):
        _end(tester, report)
    return outcomes(report)


def _end(tester: subprocess.Popen[bytes], report: Path) -> None:
    """Wait for the tests; what does not end by itself when all are told is killed: some leave threads that wait on."""
    while tester.poll() is None and not report.exists():
        with suppress(subprocess.TimeoutExpired):
            tester.wait(1)
    try:
        tester.wait(_LAST_SECONDS)
    except subprocess.TimeoutExpired:
        tester.kill()


def outcomes(report: Path) -> Outcomes:
    """Read how each test ended out of pytest's report."""
    found: Outcomes = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - written by the pytest that we started
        *folders, last = case.attrib["classname"].split(".")
        is_class = last[:1].isupper()
        file = "/".join(folders if is_class else [*folders, last]) + ".py"
        name = "::".join([file, *([last] if is_class else []), case.attrib["name"]])
        kinds = {child.tag for child in case}
        found[name] = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
    return found


def tell(alone: Outcomes, ours: Outcomes, worse: list[str], better: list[str]) -> None:
    """Print the difference."""
    console = Console(soft_wrap=True)
    for name, found in (("LocalStack alone", alone), ("with the plug-ins", ours)):
        counts = Counter(found.values())
        console.print(f"{name}: {counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    for title, names in (("fail only with the plug-ins", worse), ("fail only without them", better)):
        console.print(f"\n{title}: {len(names)}", *names, sep="\n  ", markup=False)


def _environment(state: Path, *, with_plugins: bool) -> Path:
    """Install LocalStack as the plug-ins lock it, and what its tests want; the plug-ins only where they are wanted."""
    python = state / "venv" / "bin" / "python"
    uv = bundle.uv(places.ROOT)
    wanted = state / "requirements.txt"
    state.mkdir(parents=True, exist_ok=True)
    export = [uv, "export", "--quiet", "--no-emit-project", "--no-dev", "--no-hashes", "--output-file", str(wanted)]
    subprocess.run(export, cwd=_PLUGINS, check=True, stdout=subprocess.DEVNULL)
    if not python.exists():
        subprocess.run([uv, "venv", "--quiet", "--python", "3.13", str(state / "venv")], check=True)
    more = ["--editable", str(_PLUGINS)] if with_plugins else []
    install = [uv, "pip", "install", "--quiet", "--python", str(python), "-r", str(wanted), *_NEEDS, *more]
    subprocess.run(install, check=True)
    return python


if __name__ == "__main__":
    main()
