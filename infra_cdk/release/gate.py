"""Only what a green gate has tested may be deployed: the digests say whether this is it."""

import json
from pathlib import Path
from typing import Any

from huntaze_scraper.operations.errors import TellOperator
from infra_cdk.release import digests

PLATFORM = "linux/arm64"
"""What the task's definition asks Fargate for."""


def read(file: Path) -> dict[str, Any]:
    """Read the gate's verdict.

    Raises:
        TellOperator: there is none.
    """
    try:
        verdict = json.loads(file.read_text())
    except OSError:
        raise TellOperator(f"there is no {file}: run ./huntaze gate, or fetch that of CI") from None
    except ValueError as error:
        raise TellOperator(f"{file} is not JSON: {error}") from None
    return dict(verdict)


def require_tested(verdict: dict[str, Any], assembly: Path, image: str) -> None:
    """Compare the digests; an empty image is not compared, since none is deployed.

    Raises:
        TellOperator: the gate was red, tested something else, or an image that Fargate could not start.
    """
    if verdict.get("green") is not True:
        raise TellOperator("the gate was red: what it tested is not deployed")
    tested: dict[str, str | None] = verdict["digests"]
    found = {"assembly": digests.assembly(assembly), "limiter_zip": digests.limiter_zip(assembly)}
    if image:
        found["image"] = image
    for name, digest in found.items():
        if tested.get(name) is None:
            raise TellOperator(f"the gate saw no {name}: it ran without an engine. Deploy with --keep-image")
        if tested[name] != digest:
            raise TellOperator(f"the gate tested {name} {tested[name]}, and this is {digest}: run ./huntaze gate")
    if image and verdict.get("image_platform") != PLATFORM:
        raise TellOperator(
            f"the image is for {verdict.get('image_platform')}, and Fargate runs {PLATFORM}: "
            "run ./huntaze gate without another --platform in HUNTAZE_IMAGE_OPTIONS"
        )
