"""Stands in for AWS: a cloud emulated on one machine, its clock, and the harness that runs it."""
