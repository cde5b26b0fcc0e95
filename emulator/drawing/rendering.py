"""Templates to text; everything that is put into them is escaped."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from emulator.drawing import charts, moments, way

FOLDERS = (Path(__file__).parent, Path(__file__).parents[1] / "console" / "templates")


@cache
def environment() -> Environment:
    """Return the one environment of all templates."""
    made = Environment(
        loader=FileSystemLoader(FOLDERS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"clock_time": moments.clock_time, "date_time": moments.date_time, "duration": moments.duration}
    made.globals |= {
        "chart_box": (charts.WIDTH, charts.HEIGHT),
        "way_titles": way.TITLES,
        "step_titles": way.STEP_TITLES,
        "most_marks": way.MOST_MARKS,
    }
    return made


def page(template: str, /, **context: Any) -> str:
    """Return a whole page."""
    return environment().get_template(template).render(context)


def live_part(template: str, /, **context: Any) -> str:
    """Return what changes of a page: its block ``live``, which imports its macros itself."""
    found = environment().get_template(template)
    return "".join(found.blocks["live"](found.new_context(context)))
