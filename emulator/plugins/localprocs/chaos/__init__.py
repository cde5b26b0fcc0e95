"""Faults on purpose: rules for calls of the API, and experiments of AWS FIS that apply them and stop tasks."""
