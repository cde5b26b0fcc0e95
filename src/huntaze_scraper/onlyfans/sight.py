"""What a person sees of a page: the texts of visible elements, without what is hidden in them, once they stand still."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from huntaze_scraper.errors import NoAnswer, OddPage
from huntaze_scraper.onlyfans.site import Element

LOOK_SECONDS = 0.1
STILL_SECONDS = 1.0
"""For how long a page's texts must not have changed: scripts fill placeholders in."""
DOUBTFUL_STILL_SECONDS = 3.0
"""The same, where one is missing or may be a placeholder."""

LOOK = """(selectors) => {
  const clipped = (box, style) => box.width <= 1 && box.height <= 1 && style.position === "absolute";
  const isSeen = (element) => {
    if (!element.checkVisibility({opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true})) return false;
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    if (parseFloat(style.fontSize) === 0 || clipped(box, style)) return false;
    if (box.width && (box.right + scrollX <= 0 || box.bottom + scrollY <= 0)) return false;
    for (let around = element.parentElement; around; around = around.parentElement) {
      const outer = getComputedStyle(around);
      if (outer.overflow !== "visible" && outer.display !== "contents" && outer.display !== "inline") {
        const size = around.getBoundingClientRect();
        if (!size.width || !size.height || clipped(size, outer)) return false;
      }
    }
    return true;
  };
  const textOf = (element) => {
    const hidden = [...element.querySelectorAll("*")].filter((each) => each.innerText && !isSeen(each));
    const styles = hidden.map((each) => each.getAttribute("style"));
    hidden.forEach((each) => each.style.setProperty("display", "none", "important"));
    const text = element.innerText;
    hidden.forEach((each, n) => styles[n] === null ? each.removeAttribute("style") : each.setAttribute("style", styles[n]));
    return text;
  };
  const found = selectors.map((selector) => {
    const seen = [...document.querySelectorAll(selector)].filter(isSeen);
    return seen.map((element) => [textOf(element), element.closest("[lang]")?.lang ?? ""]);
  });
  return {isWhole: document.readyState !== "loading", found};
}"""
"""JavaScript: takes selectors; returns whether the document has come whole, and for each its visible [text, language]s."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A text as it is shown, and the language that the page says it is in; empty where it says none."""

    text: str
    language: str


type Texts = Mapping[str, Seen | None]
"""By name; None for an optional element that shows nothing."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a page."""

    is_whole: bool
    """Whether its document has come to its end."""
    seen: Sequence[Sequence[Seen]]
    """What the visible elements of each selector show; what shows nothing is left out."""

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> "Look":
        """Read what ``LOOK`` returned."""
        texts = [[Seen(text.strip(), language) for text, language in each if text.strip()] for each in answer["found"]]
        return cls(answer["isWhole"], texts)


async def read(
    look: Callable[[], Awaitable[Look]],
    elements: Mapping[str, Element],
    is_doubtful: Callable[[Texts], bool],
    seconds: float,
    request: str,
) -> Texts:
    """Return what elements show, once it has stood still for a while.

    Args:
        look: looks at the elements, in their order.
        elements: by the names that the answer has.
        is_doubtful: whether texts may not be the last ones yet.
        seconds: how long to look at most.
        request: what was under way, for the log.

    Raises:
        OddPage: a required one is missing, visible ones of one selector differ, or they never stand still.
        NoAnswer: the page has not come to its end.
    """
    now = asyncio.get_running_loop().time
    until, since, before = now() + seconds, now(), await look()
    while True:
        problem = _problem(before, elements, request)
        if problem is None:
            texts = {name: next(iter(seen), None) for name, seen in zip(elements, before.seen, strict=True)}
            still = DOUBTFUL_STILL_SECONDS if None in texts.values() or is_doubtful(texts) else STILL_SECONDS
            if now() - since >= still:
                return texts
        if now() > until:
            raise problem or OddPage("the page's texts do not stand still", request=request)
        await asyncio.sleep(LOOK_SECONDS)
        latest = await look()
        if latest != before:
            since, before = now(), latest


def _problem(look: Look, elements: Mapping[str, Element], request: str) -> NoAnswer | OddPage | None:
    """Return what would be wrong with the page, were it to stay as it is."""
    if not look.is_whole:
        return NoAnswer("the page does not come to its end", request=request)
    for element, seen in zip(elements.values(), look.seen, strict=True):
        if element.is_required and not seen:
            return OddPage(f"missing selector {element.selector}", request=request)
        if len({each.text for each in seen}) > 1:
            return OddPage(f"elements of {element.selector} show different texts", request=request)
    return None
