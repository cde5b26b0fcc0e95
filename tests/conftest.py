"""What all tests share: the harness's fixtures and the check of requirement numbers."""

import pytest

pytest_plugins = ["emulator.harness.pytest_plugin"]

REQUIREMENTS = frozenset(f"{chapter}.{number}" for chapter in range(1, 9) for number in range(1, 6))
"""The 40 numbers of the plan's requirements."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a requirement number that does not exist."""
    for item in items:
        for mark in item.iter_markers("requirement"):
            unknown = set(mark.args) - REQUIREMENTS
            if unknown:
                raise pytest.UsageError(f"{item.nodeid} names the unknown requirement {', '.join(sorted(unknown))}")
