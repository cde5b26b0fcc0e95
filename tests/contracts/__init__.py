"""What the pipeline relies on of AWS: one suite, kept by the simulation's models, by the emulator, and by AWS itself."""
