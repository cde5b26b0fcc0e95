"""Keeps a bundle as a test: tests/incidents/NAME/ holds it in text form, and a test that reads as others do."""

import re
from collections import Counter
from pathlib import Path

from emulator.harness import places
from emulator.harness.errors import HarnessError
from huntaze_scraper.operations.incident.bundle import Bundle
from huntaze_scraper.operations.incident.writing import write_text

FOLDER = places.ROOT / "tests" / "incidents"
_SHOULD = {"dead": "done", "open": "done", "uncertain": "done"}
"""What becomes, once the fault is mended, of a job that the incident cost; what else ended, ended as it should."""
_TEST = '''\
"""Incident {name}, of {date}: {story}."""

import pytest

from emulator.harness.site_control import SiteControl
from emulator.incidents.replay import Replayed
from tests import invariants


@pytest.mark.browser
@pytest.mark.requirement("9.9")
def test_{function}(replayed: Replayed, site: SiteControl) -> None:
    """Nothing is lost, done twice or out of order, and each job ends as it should."""
    assert replayed.ends == {ends}
    invariants.check(replayed.pipeline, site, replayed.jobs)
'''


def keep(bundle: Bundle, name: str = "") -> Path:
    """Write the folder of an incident, under the bundle's own name where none is given, and return the test.

    Raises:
        HarnessError: the name is none for a folder, or there is such an incident already.
    """
    name = (name or bundle.manifest.name).removeprefix("incident-")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise HarnessError(
            f"{name!r} is no name for an incident: take small letters and digits, parted by single dashes"
        )
    folder = FOLDER / name
    if folder.exists():
        raise HarnessError(f"there is an incident {name} already ({folder}): give another name")
    write_text(bundle, folder)
    function = name.replace("-", "_")
    test = folder / f"test_{function}.py"
    test.write_text(
        _TEST.format(
            name=name,
            date=f"{bundle.t0:%Y-%m-%d}",
            story=_story(bundle),
            function=function,
            ends=_ends_that_should_be(bundle),
        )
    )
    return test


def _story(bundle: Bundle) -> str:
    counts = Counter(it.end for it in bundle.expected.jobs)
    told = ", ".join(
        f"{count} ended {end}" if end != "open" else f"{count} did not end" for end, count in counts.items()
    )
    return f"of {sum(counts.values())} jobs {told}"


def _ends_that_should_be(bundle: Bundle) -> str:
    counts = Counter(_SHOULD.get(it.end, it.end) for it in bundle.expected.jobs)
    return "{" + ", ".join(f'"{end}": {count}' for end, count in counts.items()) + "}"
