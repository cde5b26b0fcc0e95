"""An incident drawn as one page."""

from dataclasses import replace

from emulator.drawing.incident import page
from tests.unit.operations.incident.example import ACCOUNT, example


def test_the_page_shows_jobs_and_what_happened_around_and_needs_nothing_else() -> None:
    """The job with its account, end and lines; steps and alarms; no address that a browser would ask."""
    drawn = page(example())

    for told in (ACCOUNT, example().jobs[0].job_id[:12], "interrupt_spot", "onlyfans-429: OK to ALARM", "rate_limit"):
        assert told in drawn, told
    assert "src=" not in drawn
    assert "href=" not in drawn
    assert "default-src 'none'" in drawn


def test_nothing_in_a_bundle_becomes_markup() -> None:
    """Whoever wrote into a bundle writes text: a script in a name or a line is shown, and not run."""
    was = example()
    evil = "<script>alert(1)</script>"
    line = replace(was.lines[0], fields={**was.lines[0].fields, "reason": evil})
    step = replace(was.script[0], arguments={"reason": evil})
    bundle = replace(was, lines=(line,), script=(step,), manifest=replace(was.manifest, name=evil))

    assert "<script" not in page(bundle)
