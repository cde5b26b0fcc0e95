"""The function's entry: Secrets Manager calls it once a step."""

import os
from collections.abc import Mapping

import boto3

from huntaze_scraper.clock import SystemClock
from huntaze_scraper.onlyfans.site import Site
from huntaze_scraper.rotation.account import SiteAccount
from huntaze_scraper.rotation.steps import NotRotatable, Rotation
from huntaze_scraper.settings import RotationSettings


def handler(event: Mapping[str, str], _context: object) -> None:
    """Carry out the step; an exception tells Secrets Manager that it failed, to be tried again."""
    settings = RotationSettings.from_env(os.environ)
    clock = SystemClock()

    def account(username: str, totp_secret: str) -> SiteAccount:
        return SiteAccount(Site(settings.site_url), username, totp_secret, clock)

    client = boto3.client("secretsmanager")
    rotation = Rotation(client, event["SecretId"], event["ClientRequestToken"], account)
    steps = {
        "createSecret": rotation.create_secret,
        "setSecret": rotation.set_secret,
        "testSecret": rotation.test_secret,
        "finishSecret": rotation.finish_secret,
    }
    if event["Step"] not in steps:
        raise NotRotatable("Secrets Manager asked for a step that is not known")
    steps[event["Step"]]()
