"""All that the services hold: noted at one moment and put back, or written to a file and read by another emulator."""
