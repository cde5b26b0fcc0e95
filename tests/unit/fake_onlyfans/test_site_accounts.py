"""What a seed stands for."""

import pytest

import fake_onlyfans
from fake_onlyfans.accounts import ORDINARY_FANS
from fake_onlyfans.site import Site


def test_the_same_seed_makes_the_same_site() -> None:
    """Accounts, fans, media and every conversation come out equal."""
    one, other = Site(7), Site(7)

    assert one.accounts == other.accounts
    account = one.accounts["creator-04"]
    for fan in account.fans:
        assert one.conversations.thread(account, fan) == other.conversations.thread(account, fan)


def test_another_seed_makes_another_site() -> None:
    """No password, second factor or file is shared with another seed."""
    ones, others = fake_onlyfans.accounts(1), fake_onlyfans.accounts(2)

    assert not {each.password for each in ones} & {each.password for each in others}
    assert not {each.totp_secret for each in ones if each.totp_secret} & {each.totp_secret for each in others}
    assert not {file.sha256() for file in ones[0].media[:2]} & {file.sha256() for file in others[0].media[:2]}


@pytest.mark.parametrize("seed", range(20))
def test_every_seed_has_all_kinds_of_accounts_and_fans(seed: int) -> None:
    """Twelve accounts, some with a second factor; fans blocked, silent and talkative, the first ten ordinary."""
    accounts = fake_onlyfans.accounts(seed)

    assert [each.username for each in accounts] == [f"creator-{number:02}" for number in range(1, 13)]
    assert len({each.display_name for each in accounts}) == len(accounts)
    assert [each.username for each in accounts if each.totp_secret] == [f"creator-{n:02}" for n in (3, 6, 9, 12)]
    for account in accounts:
        assert [fan.username for fan in account.fans] == [f"fan-{number:03}" for number in range(1, 41)]
        assert any(fan.blocked for fan in account.fans)
        assert any(not fan.message_count and not fan.blocked for fan in account.fans)
        assert any(fan.message_count >= 200 for fan in account.fans)
        assert all(not fan.blocked and 0 < fan.message_count <= 30 for fan in account.fans[:ORDINARY_FANS])


def test_media_have_sizes_from_a_few_kilobytes_to_several_megabytes() -> None:
    """Every account has a file of each order."""
    for account in fake_onlyfans.accounts():
        sizes = [file.size for file in account.media]
        assert min(sizes) < 50_000
        assert max(sizes) >= 4_000_000


def test_message_ids_are_unique_on_the_whole_site() -> None:
    """No two messages of any two conversations share an id."""
    site = Site()

    ids = [
        message.id
        for account in site.accounts.values()
        for fan in account.fans
        for message in site.conversations.thread(account, fan)
    ]

    assert len(ids) == len(set(ids)) > 10_000
