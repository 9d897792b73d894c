"""Lesson 08: from the source's recipe to a fast one, one change at a time: what each costs and
reaches; the best for a share of the source's cost; where the time goes.
"""

from benchmarks.harness import Part

RECORD, PACKAGE = "08_fast_training.{dataset}", "benchmarks.lesson_08"


def _timed(name: str, about: str, measure: str, order: int, minutes: int, *arguments: str) -> Part:
    return Part(
        name,
        about,
        f"{PACKAGE}.{measure}",
        RECORD,
        order,
        minutes,
        arguments=arguments,
        workers=0,
        precision="bfloat16, but the source's",
        timed=True,
    )


def _trained(name: str, about: str, measure: str, order: int, minutes: int) -> Part:
    return Part(name, about, f"{PACKAGE}.{measure}", RECORD, order, minutes, precision="bfloat16")


PARTS = [
    _timed("source", "an epoch of the source's recipe, the unit of cost", "goals:source", 810, 9),
    _timed("share", "operations a second, and where a step's time goes", "share:share", 811, 1),
    _trained("search", "optimizer, then rate, widths and images", "search:search", 812, 17),
    _trained("finals", "the best of these in a fortieth", "search:finals", 813, 22),
    _trained("asides", "the best of the finals with what did harm", "search:asides", 814, 30),
    _timed("fortieth", "the best of the finals, timed", "goals:goal", 815, 20, "fortieth"),
    _timed("eighth", "wider, with skips and averaged weights", "goals:goal", 816, 75, "eighth"),
    _timed("fifth", "as wide, without skips and average", "goals:goal", 817, 120, "fifth"),
    _timed("costs", "time and operations of an image, by change", "steps:costs", 818, 11),
    _trained("ladder", "every change for a few epochs", "steps:ladder", 819, 60),
    Part(
        "search_least",
        "the least epochs of the fast recipe to 87.6 %, on validation images",
        f"{PACKAGE}.least:search",
        f"{RECORD}-least",
        803,
        7,
        entry="search",
        workers=0,
        precision="bfloat16",
    ),
    Part(
        "least",
        "seconds to 87.6 % over those of the source's 30 epochs",
        f"{PACKAGE}.least:least",
        f"{RECORD}-least",
        804,
        8,
        workers=0,
        precision="bfloat16, but the source's",
        timed=True,
    ),
]
