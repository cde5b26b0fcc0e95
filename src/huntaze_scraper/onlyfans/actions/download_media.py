"""download_media: files from the site's media hosts into the results bucket."""

import re
import threading
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from huntaze_scraper.errors import Refused
from huntaze_scraper.onlyfans.keeping import Upload
from huntaze_scraper.onlyfans.media_fetch import Fetched, MediaFetch
from huntaze_scraper.onlyfans.own_thread import in_own_thread
from huntaze_scraper.onlyfans.run import Run

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class DownloadMedia:
    """The action, with its limits."""

    def __init__(self, media: MediaFetch) -> None:
        """Fetch by ``media``, which knows the allow-list and the size limit."""
        self._media = media

    async def __call__(self, run: Run) -> Mapping[str, Any]:
        """Keep every file of ``media_urls``, with its size, content type and SHA-256.

        A file that is refused does not keep the others from being fetched, but the job
        then ends as refused, and its result tells which files were kept.

        The files do not pass through the browser: it would hold each one whole in memory.
        """
        kept: list[dict[str, Any]] = []
        refusals: list[Refused] = []
        for index, url in enumerate(run.job.payload["media_urls"]):
            try:
                fetched = await self._fetch(run, url, _name(index, url))
            except Refused as refusal:
                refusals.append(refusal)
                continue
            kept.append(
                {
                    "index": index,
                    "url": _without_query(urljoin(run.tab.site.base, url)),
                    "uri": fetched.uri,
                    "bytes": fetched.size,
                    "content_type": fetched.content_type,
                    "sha256": fetched.sha256,
                }
            )
        if refusals:
            first = refusals[0]
            error = Refused(
                f"{len(refusals)} of {len(refusals) + len(kept)} files refused; first: {first.reason}",
                status=first.status,
                request=first.request,
            )
            error.so_far = {"files": kept}
            raise error
        return {"files": kept}

    async def _fetch(self, run: Run, url: str, name: str) -> Fetched:
        cookies = await run.tab.cookies()
        stop = threading.Event()

        def headers(address: str) -> Mapping[str, str]:
            return cookies.header(address)

        def begin(content_type: str) -> Upload:
            return run.artifacts.begin(name, content_type)

        try:
            fetch = partial(self._media.fetch, url, run.tab.site.base, headers, begin, run.seconds, stop)
            return await in_own_thread(fetch, f"media {name}")
        finally:
            stop.set()


def _name(index: int, url: str) -> str:
    last = _NOT_IN_A_NAME.sub("_", unquote(urlsplit(url).path.rpartition("/")[2]))[-80:].lstrip(".")
    return f"{index + 1:02d}-{last or 'file'}"


def _without_query(url: str) -> str:
    return url.partition("?")[0].partition("#")[0]
