"""The figures as pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt

from benchmarks.rate_limiting.bursts import Figures


def growth(figures: Sequence[Figures], file: Path) -> None:
    """Draw the receives a message over the size of the burst."""
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for name, style in (("asks again", "o--"), ("ours", "o-")):
        points = sorted((it.burst, it.receives_a_message) for it in figures if it.limiter == name)
        axes.plot([x for x, _ in points], [y for _, y in points], style, label=name)
        for x, y in points:
            axes.annotate(f"{y:.2f}", (x, y), textcoords="offset points", xytext=(0, 7), ha="center", fontsize=8)
    axes.set(xscale="log", yscale="log", xlabel="messages at once", ylabel="receives a message", ylim=(0.7, 100))
    axes.set_title("What a burst costs: each message twice, or once a minute")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    figure.savefig(file, dpi=150, metadata={"Software": None})
    plt.close(figure)


PANELS = {"others": "by account: late-comers of other accounts", "urgent": "by priority: late-comers are urgent"}


def waits(by_mix: Mapping[str, Mapping[str, Sequence[float]]], file: Path) -> None:
    """Draw how long each kind of job waited, a panel a mix."""
    figure, panels = plt.subplots(1, len(by_mix), figsize=(11, 4), layout="constrained", sharey=True, squeeze=False)
    for axes, (mix, kinds) in zip(panels[0], by_mix.items(), strict=True):
        for kind, seconds in kinds.items():
            ordered = sorted(seconds)
            shares = [(place + 1) / len(ordered) for place in range(len(ordered))]
            axes.step(ordered, shares, where="post", label=f"{kind}, {len(ordered):,} jobs")
        axes.axvline(60, color="black", linewidth=0.8, linestyle="--", label="a window")
        axes.set(xscale="symlog", xlim=(0, None), ylim=(0, 1.02), xlabel="seconds from sending to forwarding")
        axes.set_title(PANELS[mix])
        axes.grid(visible=True, which="both", alpha=0.3)
        axes.legend(fontsize=8)
    panels[0][0].set_ylabel("share of the jobs")
    figure.suptitle("Waits beside a campaign: late-comers within a window")
    figure.savefig(file, dpi=150, metadata={"Software": None})
    plt.close(figure)
