"""The ``huntaze`` command: what people with credentials do about what is deployed."""

from huntaze_scraper.operations.cli import failures
from huntaze_scraper.operations.cli.lazy import Verbs
from huntaze_scraper.operations.cli.workplace import Workplace

VERBS = {
    "jobs": "huntaze_scraper.operations.cli.jobs:app",
    "dlq": "huntaze_scraper.operations.cli.dlq:app",
    "incident": "huntaze_scraper.operations.cli.incident:app",
}


def main() -> None:
    """Run a verb."""
    with failures.told():
        Verbs(VERBS, "Looks after the pipeline that the default AWS credentials lead to.")(obj=Workplace())
