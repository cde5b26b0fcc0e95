"""Leaves logging as it was."""

from tests.unit.telemetry.conftest import logging_as_before

__all__ = ["logging_as_before"]
