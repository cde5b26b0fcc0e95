"""The emulator's front door: HTTP/1.1 with a thread a connection, on the host that it is told and no other."""
