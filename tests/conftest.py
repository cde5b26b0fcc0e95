"""What all tests share: the harness's fixtures and the tie between tests and requirements."""

import hypothesis

pytest_plugins = [
    "emulator.harness.pytest_plugin",
    "tests.browser",
    "tests.time_limits",
    "tests.traceability",
    "pytester",
]

# Machines are shared and noisy: no example has a time that it must keep.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")
