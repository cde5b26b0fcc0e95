"""What starts, turns and stops an emulator, from a process of its own that is off the clock; imports nothing of LocalStack."""
