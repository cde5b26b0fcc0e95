"""Draws docs/images/rate-limiter-policy.svg: one burst through three limiters. Run: python -m benchmarks.rate_limiting.policy_picture."""

from collections.abc import Callable
from itertools import count

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt

from emulator.harness import places
from huntaze_scraper.rate_limiter.bucket import Bucket, Limit

FILE = places.ROOT / "docs" / "images" / "rate-limiter-policy.svg"
BURST, BURST_AT, UNTIL, WINDOW, CAPACITY = 40, 50, 280, 60, 10


def fixed_window() -> list[float]:
    """Ten in each minute of the wall clock."""
    sent: list[float] = []
    for minute in count(BURST_AT // WINDOW):
        start = max(BURST_AT, minute * WINDOW)
        sent += [start] * min(CAPACITY, BURST - len(sent))
        if len(sent) == BURST:
            return sent
    raise AssertionError


def classic_bucket() -> list[float]:
    """Ten tokens, and another each six seconds."""
    refill = WINDOW / CAPACITY
    return [BURST_AT + max(0, number - CAPACITY + 1) * refill for number in range(BURST)]


def tokens() -> list[float]:
    """The slots of the limiter that ships."""
    limit, bucket, start = Limit(), Bucket.read({}, CAPACITY), 1_700_000_000_000
    sent: list[float] = []
    for _ in range(BURST):
        bucket, slot_at = bucket.with_slot(limit, start)
        sent.append(BURST_AT + (slot_at - start) / 1000)
    return sent


def draw() -> None:
    """Draw the three, one below the other."""
    policies: list[tuple[str, Callable[[], list[float]]]] = [
        ("fixed window: 10 in each minute of the clock", fixed_window),
        ("classic bucket: capacity 10, a token each 6 s", classic_bucket),
        ("ours: a token comes back 60 s (and the margin) after it was spent", tokens),
    ]
    mpl.rcParams["svg.hashsalt"] = "huntaze"
    figure, all_axes = plt.subplots(3, 1, figsize=(8, 6.4), sharex=True, layout="constrained")
    for axes, (title, policy) in zip(all_axes, policies, strict=True):
        sent = policy()
        moments = [0.0, *sorted({*sent, *(it + WINDOW for it in sent)}), float(UNTIL)]
        load = [sum(moment - WINDOW < it <= moment for it in sent) for moment in moments]
        worst = max(load)
        colour = "tab:green" if worst <= CAPACITY else "tab:red"
        axes.fill_between(moments, load, step="post", alpha=0.25, color=colour, label="forwarded in the last 60 s")
        axes.plot(sent, [0.6 + sent[:n].count(it) * 0.9 for n, it in enumerate(sent)], ".", color="black", markersize=4)
        axes.axhline(CAPACITY, color="black", linewidth=0.8, linestyle="--")
        axes.set_title(f"{title}: at worst {worst} in 60 s", loc="left", fontsize=10)
        axes.set(ylim=(0, 21), xlim=(0, UNTIL), ylabel="messages", xticks=range(0, UNTIL + 1, WINDOW))
        axes.grid(visible=True, axis="x", alpha=0.4)
    all_axes[0].legend(loc="upper right", fontsize=8)
    all_axes[2].set_xlabel(f"seconds; {BURST} messages arrive at {BURST_AT} s; a dot is a forward")
    figure.savefig(FILE, metadata={"Date": None, "Creator": None})
    plt.close(figure)


if __name__ == "__main__":
    draw()
