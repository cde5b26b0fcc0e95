"""A fake OnlyFans: pages, state, faults and a control API, all made from a seed."""

from fake_onlyfans.accounts import Account, Fan, accounts
from fake_onlyfans.app import create_app
from fake_onlyfans.media import Media
from fake_onlyfans.server import RunningSite, running

__all__ = ["Account", "Fan", "Media", "RunningSite", "accounts", "create_app", "running"]
