"""An incident on the emulator: replayed at its own date, compared with what was recorded, kept as a test."""
