"""Whether there is room on the disks that a harness writes to: most of what fails without it says something else."""

import os
from collections.abc import Iterable
from pathlib import Path

LEAST_BYTES = 1 << 20


def full(folders: Iterable[Path]) -> str:
    """Say which disk is full and what to do about it; empty where none is."""
    for folder in folders:
        try:
            left = os.statvfs(folder)
        except OSError:
            continue
        if left.f_bavail * left.f_frsize < LEAST_BYTES or (left.f_files and not left.f_favail):
            return (
                f"the disk is full: no space is left at {folder}. Make room there, or name folders elsewhere: "
                "HUNTAZE_STATE for what is kept, TMPDIR for the rest"
            )
    return ""
