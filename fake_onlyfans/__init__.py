"""A fake OnlyFans: pages, state, faults and a control API, all made from a seed."""

from fake_onlyfans.accounts import Account, Fan, Media, accounts
from fake_onlyfans.app import create_app

__all__ = ["Account", "Fan", "Media", "accounts", "create_app"]
