"""What the benchmark of the emulator is made of."""
