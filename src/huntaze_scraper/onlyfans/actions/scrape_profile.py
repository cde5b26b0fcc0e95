"""scrape_profile: a profile's name, text and counts, with a picture as evidence."""

import re
from collections.abc import Mapping
from typing import Any

from huntaze_scraper.errors import PageBroken
from huntaze_scraper.onlyfans import site
from huntaze_scraper.onlyfans.run import Run

SCREENSHOT = "profile.png"

_MULTIPLES = {"": 1, "k": 1_000, "m": 1_000_000}


async def scrape_profile(run: Run) -> Mapping[str, Any]:
    """Read the profile at ``profile_url``."""
    url = run.tab.site.profile(run.job.payload["profile_url"])
    async with run.tab.within(run.seconds, "GET profile"):
        await run.tab.open(url)
        name = (await run.tab.text(site.PROFILE_NAME)).strip()
        bio = (await run.tab.text(site.PROFILE_BIO)).strip()
        counts = {each: count(await run.tab.text(selector)) for each, selector in site.PROFILE_COUNTS.items()}
        picture = await run.tab.screenshot()
    screenshot = await run.artifacts.put(SCREENSHOT, picture, "image/png")
    return {"profile_url": url, "name": name, "bio": bio, "counts": counts, "screenshot": screenshot}


def count(text: str) -> int:
    """Read a count as sites write it: ``1,204``, ``3.4K``, ``12 posts``.

    Raises:
        PageBroken: there is no number.
    """
    found = re.search(r"([0-9][0-9,. ]*)([km]?)\b", text.strip(), re.IGNORECASE)
    if not found:
        raise PageBroken("a count of the profile is not a number")
    digits, multiple = found.group(1).strip(" ,."), _MULTIPLES[found.group(2).lower()]
    return round(float(digits.replace(",", "")) * multiple) if multiple > 1 else int(re.sub(r"[,. ]", "", digits))
