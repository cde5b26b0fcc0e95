"""``python -m infra_cdk.release``: the steps of scripts/deploy-onlyfans-scraper.sh that read JSON."""

import json
from pathlib import Path
from typing import Annotated

import typer

from huntaze_scraper.operations.cli import failures
from huntaze_scraper.operations.cli.screen import console
from infra_cdk.release import gate, health, image, preview, readiness, smoke, snapshot
from infra_cdk.release.stacks import Stacks

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
Assembly = Annotated[Path, typer.Argument(help="The folder of the cloud assembly.")]


@app.command("gate")
def gate_(assembly: Assembly, file: Path, image_reference: str = "") -> None:
    """Refuse what no green gate has tested."""
    gate.require_tested(gate.read(file), assembly, image.config_digest(Stacks(), image_reference))


@app.command("image")
def image_(tag: str) -> None:
    """Print the reference, by digest, of the image that bears a tag."""
    print(image.reference(Stacks(), tag))  # noqa: T201 - the script reads it


@app.command()
def existing(assembly: Assembly) -> None:
    """Print the assembly's stacks that are deployed, one a line."""
    print("\n".join(name for name in preview.names(assembly) if Stacks().status(name)))  # noqa: T201 - as above


@app.command("preview")
def preview_(assembly: Assembly, change_set: str) -> None:
    """Print what a deployment would change, and delete the change sets."""
    for line in preview.tell(Stacks(), assembly, change_set):
        console.print(line, soft_wrap=True)


@app.command()
def save(assembly: Assembly, folder: Path) -> None:
    """Keep templates and parameters as they are deployed now."""
    snapshot.save(Stacks(), preview.names(assembly), folder)


@app.command()
def changed(folder: Path) -> None:
    """Print the stacks that are not as they were kept, one a line."""
    print("\n".join(snapshot.changed(Stacks(), folder)))  # noqa: T201 - as above


@app.command()
def restore(folder: Path) -> None:
    """Bring templates and parameters back as they were kept."""
    for line in snapshot.restore(Stacks(), folder):
        console.print(f"  {line}", soft_wrap=True)


@app.command("health")
def health_(timeout: float = 600) -> None:
    """Wait until service, tasks and limiter are well."""
    for line in health.require(Stacks(), timeout):
        console.print(f"  {line}", soft_wrap=True)


@app.command()
def ready(creator: str) -> None:
    """Refuse where a smoke job would not soon be carried out."""
    readiness.require(Stacks(), creator)


@app.command("smoke")
def smoke_(creator: str, timeout: float = 300) -> None:
    """Run a harmless job from end to end, and remove its traces; the result is on stdout."""
    print(json.dumps(smoke.run(Stacks(), creator, timeout)))  # noqa: T201 - as above


if __name__ == "__main__":
    with failures.told():
        app()
