"""scrape_profile: a profile's name, text and counts, with a picture as evidence."""

from collections.abc import Mapping
from typing import Any

from huntaze_scraper.errors import OddPage
from huntaze_scraper.onlyfans import site
from huntaze_scraper.onlyfans.counts import LONGEST_TEXT, Unreadable, count
from huntaze_scraper.onlyfans.run import Run
from huntaze_scraper.onlyfans.sight import Seen, Texts

SCREENSHOT = "profile.png"


async def scrape_profile(run: Run) -> Mapping[str, Any]:
    """Read the profile at ``profile_url``; what it may lack, and lacks, is None.

    Raises:
        OddPage: it lacks what it must have, or a count cannot be read for certain: the text says which, and how it is
            written.
    """
    url = run.tab.site.profile(run.job.payload["profile_url"])
    locale = run.tab.locale

    def is_doubtful(texts: Texts) -> bool:
        return any(not _read(texts[name], locale) for name in site.PROFILE_COUNTS)

    async with run.tab.within(run.seconds, "GET profile"):
        await run.tab.open(url)
        texts = await run.tab.read(site.PROFILE_TEXTS | site.PROFILE_COUNTS, is_doubtful)
        counts = {name: _count(name, texts[name], locale) for name in site.PROFILE_COUNTS}
        picture = await run.tab.screenshot()
    screenshot = await run.artifacts.put(SCREENSHOT, picture, "image/png")
    shown = {name: seen and seen.text for name, seen in texts.items()}
    return {
        "profile_url": url,
        "name": shown["name"],
        "bio": shown["bio"],
        "counts": counts,
        "screenshot": screenshot,
        "locale": locale,
        "time_zone": run.tab.time_zone,
    }


def _count(name: str, seen: Seen | None, locale: str) -> int | None:
    number = _read(seen, locale)
    if number is None and seen is not None:
        raise OddPage(
            f"the profile's count of {name} cannot be read: {seen.text[:LONGEST_TEXT]!r}", request="GET profile"
        )
    return number


def _read(seen: Seen | None, locale: str) -> int | None:
    if seen is None:
        return None
    try:
        return count(seen.text, [seen.language or locale, locale], site.COUNT_LABELS)
    except Unreadable:
        return None
