"""Pages read their numbers from the records: Markdown sources are Jinja templates.

A page that is read in the repository too keeps what only the site can say in comments,
`<!-- site: ... -->`, which are opened here.
"""

import json
import re
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from sphinx.application import Sphinx

from course_utils.lessons.scoreboard import published_rows, recorded_training
from extensions import records
from extensions.catalogue import Lesson, link, routes
from extensions.notebooks import glossary_terms
from extensions.plots import Plot

SITE_ONLY = re.compile(r"<!-- site:(.*?)\s*-->", re.DOTALL)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", _render)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _render(app: Sphinx, name: str, source: list[str]) -> None:
    if name.startswith(("lessons/", "api/")):
        return
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    template = environment.from_string(SITE_ONLY.sub(r"\1", source[0]))
    source[0] = template.render(
        context(Path(app.srcdir), app.config.course_lessons, app.config.course_plots)
    )


def context(docs: Path, lessons: list[Lesson], plots: list[Plot]) -> dict:
    """What a page may name in double braces."""
    return {
        "lessons": lessons,
        "plots": plots,
        "routes": routes(lessons),
        "lesson": {each.number: link(each) for each in lessons}.__getitem__,
        "terms": glossary_terms((docs / "glossary.md").read_text(encoding="utf-8")),
        "hour": json.loads((docs / "first_hour.json").read_text(encoding="utf-8")),
        "seconds": records.seconds,
        "fault": records.fault,
        "compared": records.compared,
        "gap": records.gap,
        "rung": records.rung,
        "spread": records.spread,
        "record": records.record,
        "published": records.published,
        "percent": records.percent,
        "mean": records.mean,
        "scoreboard": published_rows,
        "recorded_training": recorded_training,
        "results": records.recorded_tables,
    }
