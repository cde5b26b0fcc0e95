"""What makes the emulator start sooner, without a change to what it does."""
