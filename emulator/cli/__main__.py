"""Runs the command line."""

from emulator.cli import main

main()
