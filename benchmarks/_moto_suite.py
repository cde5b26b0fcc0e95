"""A plug-in of pytest for moto's own suite: its tests keep the key that they are started with.

They put one of their own in its place, which an emulator takes for another account's than the one they then expect.
"""

from moto.core.config import default_user_config

default_user_config["core"]["mock_credentials"] = False
