"""Tasks of a harness that run in the scraper's image, whichever engine has it and whatever processor it is for."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from emulator.harness import places

COMMAND = """\
#!/bin/sh
# The emulator probes for two seconds at most, in which an emulated processor starts no Python.
case "$*" in *huntaze_scraper.worker.health) exec {python} "$@" ;; esac
names=$(env | sed -n 's/^\\([A-Z][A-Z0-9_]*\\)=.*/\\1/p' | grep -vxE 'PATH|HOME|TMPDIR|HOSTNAME|LANG|PWD|OLDPWD|SHLVL')
exec env {engine} {root}/scripts/in-image.sh {image} $names -- python "$@"
"""
"""Stands for the image's ``python``, which is what the task's definition starts."""
OF_ENGINES = ("BUILDAH_", "STORAGE_", "CONTAINERS_", "DOCKER_")
"""How the variables begin by which an engine was told how it is to run here; the emulator gives tasks none of its own."""


def in_image(folder: Path, image: str) -> Mapping[str, object]:
    """Return what stands in for the image on this machine: the image, by engine, name and platform.

    It is what ``scripts/in-image.sh`` takes. The image is on no virtual clock.
    """
    python = folder / "python"
    engine = shlex.join(f"{name}={value}" for name, value in os.environ.items() if name.startswith(OF_ENGINES))
    python.write_text(COMMAND.format(python=places.PYTHON, root=places.ROOT, image=image, engine=engine))
    python.chmod(0o755)
    return {"path": str(folder)}
