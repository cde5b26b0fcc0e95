"""What the scraper's process has for a world: moto's AWS and the fake site, as a process of their own on one clock."""

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localprocs.vclock import Clock

from emulator.harness import places
from emulator.harness.cloud import browser_on_wall_clock
from emulator.harness.site_control import SiteControl
from fake_onlyfans import accounts
from fake_onlyfans.site import Exchange


class Site:
    """The fake site, from outside."""

    def __init__(self, url: str) -> None:
        """Know its accounts, which follow from its seed."""
        self.url = url
        self.control = SiteControl(url)
        self.accounts = {each.username: each for each in accounts()}
        self.media = {file.name: file for each in self.accounts.values() for file in each.media}

    @property
    def exchanges(self) -> list[Exchange]:
        """Every request that it saw, in order."""
        return [Exchange(**each) for each in self.control.requests()]

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The rules in force, with how often each fault came."""
        return self.control.rules()


@dataclass(frozen=True)
class Surroundings:
    """The world's process."""

    clock: Clock
    clock_env: Mapping[str, str]
    chromium: Path
    aws_url: str
    site: Site
    process: subprocess.Popen[str]

    def give_secrets(self, account: str, password: str, totp_secret: str) -> None:
        """Have the site know other secrets of an account."""
        self._ask({"account": account, "password": password, "totp_secret": totp_secret})

    def _ask(self, change: dict[str, str]) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{json.dumps(change)}\n")
        self.process.stdin.flush()
        self.process.stdout.readline()


@contextlib.contextmanager
def surroundings() -> Iterator[Surroundings]:
    """Start the world on a clock that runs at the wall's pace, but where a test lets it leap."""
    with (
        Clock.create() as clock,
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-m", "tests.integration.scraper_world_process"],
            cwd=places.ROOT,
            env=clock.env(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            told = json.loads(process.stdout.readline())
            chromium = browser_on_wall_clock(Path(folder))
            yield Surroundings(clock, clock.env({}), chromium, told["aws"], Site(told["site"]), process)
        finally:
            process.kill()
