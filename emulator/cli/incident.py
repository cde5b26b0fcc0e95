"""An incident: captured, shown, replayed here, kept as a test, redacted anew."""

from pathlib import Path
from typing import Annotated

import typer
from localprocs.vclock import Clock
from rich.table import Table

from emulator.harness.pipeline import Pipeline
from emulator.incidents import keeping
from emulator.incidents.replay import Replayed, again, other_templates, play, stage
from emulator.incidents.verdict import SHORT
from huntaze_scraper.operations.cli.incident import app
from huntaze_scraper.operations.cli.options import Json
from huntaze_scraper.operations.cli.screen import console, print_json, progress
from huntaze_scraper.operations.incident.bundle import Bundle
from huntaze_scraper.operations.incident.reading import read_bundle

app.info.help = __doc__

File = Annotated[Path, typer.Argument(help="incident-NAME.zip, or a folder that holds one in text form.")]


@app.command()
def replay(
    file: File,
    times: Annotated[int, typer.Option(min=1, max=1000, help="How often, each time with the next seed.")] = 1,
    seed: Annotated[int, typer.Option(min=1, help="Of the first; 1 keeps to the recorded moments.")] = 1,
    *,
    json: Json = False,
) -> None:
    """Play it on the emulator, offline, at its own date, and say whether it comes about again; exit 1 where not."""
    bundle = read_bundle(file)
    with progress(quiet=json) as tell, stage(bundle, tell) as harness:
        assert isinstance(harness.clock, Clock)  # noqa: S101 - a stage has no other
        pipeline, goes = Pipeline(harness.run), list[Replayed]()
        if others := other_templates(bundle, harness):
            console.print(
                f"[yellow]recorded with another template[/] of {', '.join(others)}: this checkout's is replayed; "
                "for the recorded one, replay it in a checkout of that time",
                soft_wrap=True,
            )
        for number in range(seed, seed + times):
            if goes:
                again(pipeline)
            tell(f"replaying, seed {number}")
            goes.append(play(bundle, pipeline, harness.clock, number))
    best = next((it for it in goes if it.verdict.is_reproduced), goes[0])
    if json:
        seeds = [{"seed": it.seed, "verdict": it.verdict.as_json["verdict"]} for it in goes]
        print_json({**best.verdict.as_json, "goes": seeds})
    else:
        _show(bundle, goes, best)
    if not best.verdict.is_reproduced:
        raise typer.Exit(1)


@app.command()
def keep(
    file: File, name: Annotated[str, typer.Argument(help="In small letters, with dashes.")] = "", *, json: Json = False
) -> None:
    """Make it a test: tests/incidents/NAME/ with the bundle in text form, which fails until the fault is mended."""
    test = keeping.keep(read_bundle(file), name)
    if json:
        print_json({"test": str(test)})
    else:
        console.print(f"{test}", soft_wrap=True)
        console.print(
            f"See it fail: ./huntaze test {test.parent}; then say in it what should have been", soft_wrap=True
        )


def _show(bundle: Bundle, goes: list[Replayed], best: Replayed) -> None:
    table = Table("job", "account", "recorded", "attempts", "here", "attempts")
    for job_id, recorded in best.verdict.recorded.items():
        here = best.verdict.here.get(job_id)
        mark = "" if here and (here.end, here.attempts) == (recorded.end, recorded.attempts) else "[yellow]"
        ended = (mark + here.end, f"{here.attempts}") if here else ("[yellow]nothing", "")
        table.add_row(job_id[:SHORT], recorded.account, recorded.end, f"{recorded.attempts}", *ended)
    console.print(table)
    for each in best.verdict.differences:
        console.print(f"  at {each.at_seconds:.0f} s, {each.what}: recorded {each.recorded}, here {each.here}")
    if len(goes) > 1:
        seeds = [it.seed for it in goes if it.verdict.is_reproduced]
        console.print(f"reproduced in {len(seeds)} of {len(goes)} goes; seeds {', '.join(map(str, seeds)) or 'none'}")
    console.print(f"{best.verdict.text} ({bundle.manifest.span_seconds:.0f} s in {best.seconds:.0f} virtual seconds)")
