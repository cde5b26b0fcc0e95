"""What all tests share: the harness's fixtures and the tie between tests and requirements."""

pytest_plugins = ["emulator.harness.pytest_plugin", "tests.traceability", "pytester"]
