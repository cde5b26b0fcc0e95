"""Tests: promises, in sentences."""
