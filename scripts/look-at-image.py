"""Looks at a saved image, however an engine keeps it: `look-at-image.py ARCHIVE PLATFORM`, the archive as docker save makes it.

Prints its digest, that of its configuration, and its platform. What the gate notes and the deploy script compares: a
manifest's digest depends on how the image was pushed.
"""

import gzip
import json
import re
import sys
import tarfile
from collections.abc import Callable, Iterator
from typing import IO, Any

MOST_BYTES, MOST_LAYERS = 1_000_000_000, 12
CHUNK = 2**20


def look(archive: tarfile.TarFile, platform: str) -> str:
    """Return digest and platform; exit, and say why, where it is no image that may be pushed."""

    def member(name: str) -> IO[bytes]:
        return archive.extractfile(name) or sys.exit(f"the engine saved no {name}")

    (manifest,) = json.load(member("manifest.json"))
    image = json.load(member(manifest["Config"]))
    if problem := next(_problems(image, platform), ""):
        sys.exit(problem)
    if (size := _bytes(manifest["Layers"], member)) > MOST_BYTES:
        sys.exit(f"it has {size} bytes, more than {MOST_BYTES}")
    layers, user = len(image["rootfs"]["diff_ids"]), image["config"]["User"]
    sys.stderr.write(f"  {platform}, {round(size / 1e6)} MB, {layers} layers, user {user}\n")
    (digest,) = re.findall("[0-9a-f]{64}", manifest["Config"])
    return f"sha256:{digest} {platform}"


def _problems(image: dict[str, Any], platform: str) -> Iterator[str]:
    found = f"{image['os']}/{image['architecture']}"
    if found != platform:
        yield f"it is for {found}, not {platform}"
    config = image["config"]
    if config.get("User") != "scraper":
        yield f"it runs as '{config.get('User', '')}', not as scraper"
    if "huntaze_scraper.worker.health" not in (config.get("Healthcheck") or {}).get("Test", ()):
        yield "it has no health check"
    if (layers := len(image["rootfs"]["diff_ids"])) > MOST_LAYERS:
        yield f"it has {layers} layers, more than {MOST_LAYERS}"


def _bytes(layers: list[str], member: Callable[[str], IO[bytes]]) -> int:
    """Add up the layers as they lie on a task's disk: some engines save them compressed."""
    total = 0
    for name in layers:
        layer = member(name)
        is_compressed = layer.read(2) == b"\x1f\x8b"
        layer.seek(0)
        plain: IO[bytes] = gzip.GzipFile(fileobj=layer) if is_compressed else layer
        while chunk := plain.read(CHUNK):
            total += len(chunk)
    return total


if __name__ == "__main__":
    with tarfile.open(sys.argv[1]) as opened:
        sys.stdout.write(f"{look(opened, sys.argv[2])}\n")
