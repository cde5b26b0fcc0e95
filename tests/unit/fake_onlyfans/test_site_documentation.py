"""The examples in docs/fake-site.md, run as they stand."""

import doctest
import os
import re
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from fake_onlyfans import RunningSite
from fake_onlyfans.faults.rules import KINDS

PAGE = (Path(__file__).parents[3] / "docs" / "fake-site.md").read_text()
SESSION, *EXAMPLES = re.findall(r"^```console\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
PATIENCE_SECONDS = 30


def commands(block: str) -> list[tuple[str, str]]:
    """Return the commands of a block, each with the output that it promises."""
    return re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)


@pytest.mark.skipif(not shutil.which("curl") and not os.environ.get("CI"), reason="no curl here")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda block: block.partition("\n")[0][:50])
def test_an_example_prints_what_it_promises(fake: RunningSite, example: str, tmp_path: Path) -> None:
    """Every command of the example, in the session of the page's beginning."""
    wanted = commands(SESSION) + commands(example)
    script = "\n".join(f"{command}\necho '<end>'" for command, _ in wanted).replace("http://127.0.0.1:8300", fake.url)

    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )

    assert ran.stderr == ""
    assert ran.stdout.count("<end>") == len(wanted)
    checker = doctest.OutputChecker()
    for (command, promised), got in zip(wanted, ran.stdout.split("<end>\n"), strict=False):
        printed = got if got.endswith("\n") or not got else f"{got}\n"
        assert checker.check_output(promised, printed, doctest.ELLIPSIS), f"$ {command}\n{printed}"


@pytest.mark.parametrize("kind", KINDS)
def test_every_fault_is_told_with_its_options_and_an_example(kind: str) -> None:
    """A section a fault."""
    _, _, rest = PAGE.partition(f"\n### {kind}\n")
    section = re.split(r"\n##+ ", rest)[0]

    assert f'"kind": "{kind}"' in section
    for option in fields(KINDS[kind]):
        assert f"`{option.name}`" in section, f"{kind} does not tell its option {option.name}"
