"""The fake site's process, and the credentials of its accounts in the emulated Secrets Manager."""

import json
import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from botocore.exceptions import ClientError
from localprocs.host.child import Child, Part

from emulator.harness import places
from emulator.harness.clients import Clients, http_client
from emulator.harness.errors import HarnessError
from huntaze_scraper import names
from huntaze_scraper.account_path import account_path

START_TIMEOUT_SECONDS = 30


def start(port: int, log: Path, clock_env: Mapping[str, str]) -> Child:
    """Start the fake site on the port."""
    env = {**os.environ, **clock_env, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(places.ROOT)}
    return Child("the fake site", [str(places.PYTHON), "-m", "fake_onlyfans", "--port", str(port)], env, log)


def await_ready(part: Part, url: str) -> list[dict[str, Any]]:
    """Return the site's accounts when it answers.

    Raises:
        HarnessError: it ended, or did not answer in time.
    """
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        part.require_running()
        try:
            answer = http_client.get(f"{url}/_control/accounts", timeout=5).raise_for_status().json()
            return list(answer["accounts"] if isinstance(answer, dict) else answer)
        except httpx.TransportError:
            time.sleep(0.03)
    raise HarnessError(f"the fake site did not answer within {START_TIMEOUT_SECONDS} s: see {part.log}")


def store_credentials(accounts: list[dict[str, Any]], clients: Clients) -> None:
    """Put each account's credentials where the scraper looks for them; what is there already stays."""

    def store(account: dict[str, Any]) -> None:
        secrets = ("username", "password", "totp_secret")
        try:
            clients.secretsmanager.create_secret(
                Name=f"{names.CREDENTIALS}/{account_path(account['username'], '=')}",
                SecretString=json.dumps({name: account[name] for name in secrets if account.get(name)}),
            )
        except (
            ClientError
        ) as error:  # by its code: another thread may just have made another client, with its own classes
            if error.response["Error"]["Code"] != "ResourceExistsException":
                raise

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(store, accounts))
