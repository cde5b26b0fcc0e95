"""download_media: files from the site's media hosts into the results bucket."""

import asyncio
import math
import re
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import unquote

from huntaze_scraper.errors import NoAnswer, Refused, SiteError, SlowDown
from huntaze_scraper.onlyfans.keeping import Upload
from huntaze_scraper.onlyfans.line import Line
from huntaze_scraper.onlyfans.media_fetch import Fetched, MediaFetch
from huntaze_scraper.onlyfans.media_hosts import Target
from huntaze_scraper.onlyfans.own_thread import in_own_thread
from huntaze_scraper.onlyfans.run import Run

LOOK_SECONDS = 5.0
"""How often a fetch is looked at whose thread is busy with the upload."""

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class DownloadMedia:
    """The action, with its limits."""

    def __init__(self, media: MediaFetch) -> None:
        """Fetch by ``media``, which knows the allow-list and the size limit."""
        self._media = media

    async def __call__(self, run: Run) -> Mapping[str, Any]:
        """Keep every file of ``media_urls``, with its size, content type and SHA-256.

        A file that is refused does not keep the others from being fetched, but the job then ends as refused, and its
        result tells which files were kept. What was kept or refused is remembered: an attempt goes on with the rest.

        The files do not pass through the browser: it would hold each one whole in memory.
        """
        done = {
            "files": dict(run.once.progress.get("files", {})),
            "refused": dict(run.once.progress.get("refused", {})),
        }
        advanced = False
        for index, url in enumerate(run.job.payload["media_urls"]):
            if str(index) in done["files"] or str(index) in done["refused"]:
                continue
            await run.pace()
            try:
                done["files"][str(index)] = await self._keep(run, index, url)
            except Refused as refusal:
                meant = await run.tab.reconsider(refusal)
                if meant is not refusal:
                    meant.so_far = _shown(done)
                    raise meant from None
                done["refused"][str(index)] = _told(refusal)
            except SiteError as error:
                error.so_far = _shown(done)
                if isinstance(error, SlowDown):
                    error.advanced = advanced
                raise
            await run.once.keep(done)
            advanced = True
        if done["refused"]:
            raise _refused(done)
        return {"files": _shown(done)["files"]}

    async def _keep(self, run: Run, index: int, url: str) -> dict[str, Any]:
        target = self._media.target(url, run.tab.site)
        fetched = await self._fetch(run, target, _name(index, target))
        return {
            "url": target.url.partition("?")[0],
            "uri": fetched.uri,
            "bytes": fetched.size,
            "content_type": fetched.content_type,
            "sha256": fetched.sha256,
        }

    async def _fetch(self, run: Run, target: Target, name: str) -> Fetched:
        cookies, line = await run.tab.cookies(), Line(run.seconds)

        def begin(content_type: str) -> Upload:
            return run.artifacts.begin(name, content_type)

        fetch = partial(self._media.fetch, target, run.tab.site, cookies.header, begin, run.seconds, line)
        fetching = asyncio.create_task(in_own_thread(fetch, f"media {name}"))
        try:
            while not fetching.done():
                left = line.seconds_left
                if left <= 0:
                    raise NoAnswer("the media host is too slow", request=f"GET {target.host}")
                await asyncio.wait((fetching,), timeout=LOOK_SECONDS if math.isinf(left) else left)
            return fetching.result()
        finally:
            line.cut()
            fetching.cancel()


def _refused(done: Mapping[str, Any]) -> Refused:
    """Return the refusal of the whole, which tells of the first one by its place among the addresses, from 1."""
    index, first = min(done["refused"].items(), key=lambda each: int(each[0]))
    total = len(done["refused"]) + len(done["files"])
    error = Refused(
        f"{len(done['refused'])} of {total} files refused; first: media_urls number {int(index) + 1}: {first['reason']}",
        status=first.get("status"),
        request=first["request"],
    )
    error.so_far = _shown(done)
    return error


def _told(refusal: Refused) -> dict[str, Any]:
    status = {} if refusal.status is None else {"status": refusal.status}
    return {"reason": refusal.reason, "request": refusal.request} | status


def _shown(done: Mapping[str, Any]) -> dict[str, Any]:
    """Return the files as results tell of them, in the order of their addresses; ``index`` counts from 0."""
    return {
        what: [{"index": int(index)} | each for index, each in sorted(found.items(), key=lambda it: int(it[0]))]
        for what, found in done.items()
    }


def _name(index: int, target: Target) -> str:
    path = target.path.partition("?")[0]
    last = _NOT_IN_A_NAME.sub("_", unquote(path.rpartition("/")[2]))[-80:].lstrip(".")
    return f"{index + 1:02d}-{last or 'file'}"
