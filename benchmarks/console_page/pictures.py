"""Draws docs/images/console-*.png: the console over a harness at work. Run: python -m benchmarks.console_page.pictures."""

from playwright.sync_api import Page, sync_playwright

from emulator.console.web.server import console_over
from emulator.harness import places
from emulator.harness.harness import Harness, Options
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl

FOLDER = places.ROOT / "docs" / "images"
SPEED = 5.0
SIZE = {"width": 1180, "height": 820}


def main() -> None:
    """Take the pictures."""
    with Harness(Options(speed=SPEED)) as harness, console_over(harness.run) as run, sync_playwright() as playwright:
        pipeline, site = Pipeline(harness.run), SiteControl(harness.run.site_url)
        site.faults({"match": {"path": "/creator-02"}, "fault": {"kind": "status", "status": 503}, "times": 2})
        jobs = [pipeline.send(job(number)) for number in range(16)]
        profile = pipeline.send({"action": "scrape_profile", "creator_id": "creator-03", "profile_url": "/creator-02"})
        browser = playwright.chromium.launch(executable_path=places.chromium() or None, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, device_scale_factor=1.5)  # type: ignore[arg-type]
        pipeline.await_results(jobs[:1])
        page.goto(run.console_url)
        shoot(page, "map")
        pipeline.await_results([profile], 120)
        page.goto(f"{run.console_url}jobs/{profile.job_id}")
        shoot(page, "job")
        page.goto(f"{run.console_url}break")
        shoot(page, "break")
        browser.close()


def job(number: int) -> dict[str, str]:
    """Return one of a small campaign's jobs."""
    return {
        "action": "send_message",
        "creator_id": f"creator-0{number % 3 + 1}",
        "user_id": f"fan-{number + 1:03}",
        "message_content": f"Good morning, number {number + 1}",
    }


def shoot(page: Page, name: str) -> None:
    """Take a picture of what is seen, once the page is alive."""
    page.locator("#live .card").first.wait_for()
    page.wait_for_timeout(1500)
    page.screenshot(path=FOLDER / f"console-{name}.png")


if __name__ == "__main__":
    main()
