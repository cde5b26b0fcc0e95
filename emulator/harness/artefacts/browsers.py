"""Pictures of the pages that tasks have open: asked of each Chromium by its debugging port, past the scraper."""

from collections.abc import Iterable
from pathlib import Path

import httpx
import psutil
from playwright.sync_api import Error, sync_playwright

ATTACH_SECONDS = 5.0
PICTURE_SECONDS = 5.0
_PROFILE = "--user-data-dir="


def keep_pictures(pids: Iterable[int], folder: Path) -> None:
    """Write a picture of each page that a Chromium below these processes shows."""
    addresses = [address for pid in pids for address in _addresses(pid)]
    if not addresses:
        return
    with sync_playwright() as playwright:
        for number, address in enumerate(addresses, 1):
            try:
                browser = playwright.chromium.connect_over_cdp(address, timeout=ATTACH_SECONDS * 1000)
            except Error:
                continue  # it ended meanwhile
            pages = [page for context in browser.contexts for page in context.pages]
            for which, page in enumerate(pages, 1):
                try:
                    page.screenshot(path=folder / f"browser-{number}-page-{which}.png", timeout=PICTURE_SECONDS * 1000)
                except Error as error:
                    (folder / f"browser-{number}-page-{which}.error").write_text(str(error))
            browser.close()  # only our end of the connection


def _addresses(pid: int) -> Iterable[str]:
    for process in _below(pid):
        try:
            words = process.cmdline()
            profile = next((it.removeprefix(_PROFILE) for it in words if it.startswith(_PROFILE)), "")
            if profile and not any(it.startswith("--type=") for it in words):
                port = (Path(profile) / "DevToolsActivePort").read_text().split()[0]
                address = f"http://127.0.0.1:{port}"
                httpx.get(f"{address}/json/version", timeout=ATTACH_SECONDS).raise_for_status()
                yield address
        except (psutil.Error, OSError, httpx.HTTPError):
            continue


def _below(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []
