"""The pipeline in moto that operators' tests use."""

from tests.unit.operations.conftest import limiter, local, pipeline

__all__ = ["limiter", "local", "pipeline"]
