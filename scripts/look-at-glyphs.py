"""Draws a letter of each script that people write their profiles in, and fails where the browser has none for it.

Run in the scraper's image, by scripts/build-scraper-image.sh: a package list does not say what is drawn.
"""

import os
import sys

from playwright.sync_api import sync_playwright

from huntaze_scraper.onlyfans.browser import FLAGS

LETTERS = {
    "Latin": "Ł",
    "Cyrillic": "Ж",
    "Greek": "Ω",
    "Arabic": "ش",
    "Hebrew": "ש",
    "Thai": "ก",
    "Devanagari": "न",
    "Chinese": "汉",
    "Japanese": "あ",
    "Korean": "한",
    "emoji": "😀",
}
NOWHERE = "\u0378"
"""No script's letter: it is drawn as what stands for those that are missing."""
DRAW = """letters => {
    const canvas = document.createElement("canvas")
    canvas.width = canvas.height = 80
    const pen = canvas.getContext("2d")
    pen.font = "48px sans-serif"
    return letters.map(letter => {
        pen.clearRect(0, 0, 80, 80)
        pen.fillText(letter, 8, 60)
        return canvas.toDataURL()
    })
}"""


def missing() -> list[str]:
    """Name the scripts for which there is no letter."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM_PATH") or None, args=FLAGS)
        nothing, box, *drawn = browser.new_page().evaluate(DRAW, [" ", NOWHERE, *LETTERS.values()])
        browser.close()
    return [name for name, picture in zip(LETTERS, drawn, strict=True) if picture in (nothing, box)]


if __name__ == "__main__":
    if found := missing():
        sys.exit(f"no letters are drawn for: {', '.join(found)}")
