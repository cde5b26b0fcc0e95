"""Every verb of ``./huntaze``: the harness's and the operators', and those that test and measure."""

from emulator.cli import main
from huntaze_scraper.operations.cli.lazy import Verb

VERBS: dict[str, str | Verb] = {
    "test": Verb("tests.gate.cli:test", passes_on=True),
    "gate": "tests.gate.cli:gate",
    "simulate": "tests.simulation.cli:simulate",
    "bench": Verb("tests.gate.cli:bench", passes_on=True),
    "requirements": "tests.gate.cli:requirements",
}

if __name__ == "__main__":
    main(VERBS)
