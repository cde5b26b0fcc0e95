"""``localprocs iam``: what roles were granted and what they used, of the cloud that is up."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from localprocs.host import plain_http, run_file
from localprocs.host.errors import CloudError

MODES = ("enforce", "audit", "off")


@click.command()
@click.option("--role", default="", help="Only roles whose names hold this.")
@click.option("--mode", type=click.Choice(MODES), help="From now on refuse calls, only record them, or let all pass.")
@click.option("--json", "as_json", is_flag=True, help="One object on stdout.")
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), default=run_file.default_path)
def iam(*, role: str, mode: str | None, as_json: bool, file: Path) -> None:
    """Tell what each role used and was not granted, was granted and did not use, and its smallest policy as a diff."""
    run = run_file.read(file)
    if mode:
        _ask("POST", f"{run.aws_endpoint_url}/_emulator/iam/mode", json.dumps({"mode": mode}))
    found = _ask("GET", f"{run.aws_endpoint_url}/_emulator/iam/report?account={run.account_id}")
    roles = [each for each in found["roles"] if role in each["role"]]
    click.echo(json.dumps({"roles": roles}) if as_json else "\n".join(line for each in roles for line in lines(each)))


def lines(told: Mapping[str, Any]) -> Iterator[str]:
    """Write one role's report for people."""
    yield told["role"]
    for each in told["used_not_granted"]:
        yield f"  used, not granted: {each['action']} on {each['resource']}"
    for each in told["granted_not_used"]:
        yield f"  granted, not used: {each['action']} on {each['resource']} ({each['statement']})"
    for line in told["diff"].splitlines():
        yield f"    {line}"


def _ask(method: str, url: str, body: str = "") -> Any:
    status, answer = plain_http.call(method, url, body)
    if status != 200:  # noqa: PLR2004 - HTTP's
        raise CloudError(f"the cloud answered {status} to {url}: {answer.decode(errors='replace')[:200]}")
    return json.loads(answer)
