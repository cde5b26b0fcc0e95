"""What all tests share: the harness's fixtures and the tie between tests and requirements."""

import gc

import hypothesis

# Modules and tests are made of many objects, and keep them all. A look for garbage each 2,000 more took 5 to 14 % of a
# run's processor time; this spares half of it.
gc.set_threshold(100_000, 20, 20)

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
