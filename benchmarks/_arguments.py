"""What a benchmark is told on its command line."""

import argparse


def wants_json(name: str) -> bool:
    """Read a command line that may hold ``--json`` and nothing else; anything else is refused in a line."""
    parser = argparse.ArgumentParser(prog=f"huntaze bench {name}")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return bool(parser.parse_args().json)
