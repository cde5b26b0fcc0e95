"""Runs the command line."""

from emulator.harness.cli import main

main()
