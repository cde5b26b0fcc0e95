"""Writes every version of the applications as a cloud assembly: ``python -m tests.integration.apps.synthesise FOLDER``."""

import sys
from pathlib import Path

from aws_cdk import App

from tests.integration.apps.event_app import EventApp
from tests.integration.apps.failing_app import FAULTS, FailingApp
from tests.integration.apps.queue_app import QueueApp

FLAGS = {"@aws-cdk/core:newStyleStackSynthesis": True}


def main(folder: Path) -> None:
    """Write them side by side, so that the CDK is started once."""
    first, second = (App(outdir=str(folder / name), context=FLAGS) for name in ("first", "second"))
    QueueApp(first, "QueueApp", seconds_each=1)
    QueueApp(second, "QueueApp", seconds_each=2)
    EventApp(first, "EventApp", word="one")
    EventApp(second, "EventApp", word="two")
    FailingApp(first, "FailingApp", fault=None)
    for name, fault in FAULTS.items():
        FailingApp(first, f"FailingAppBy{name}", fault=fault)
    for app in (first, second):
        app.synth()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
