"""Lesson 08: what the changes from the source's recipe to a fast one cost, where the time goes, and
the least time to the source's accuracy. What each change reaches was measured on a GPU.
"""

from benchmarks.harness import Part

RECORD, PACKAGE = "08_fast_training.{dataset}", "benchmarks.lesson_08"


def _timed(name: str, about: str, measure: str, order: int, minutes: int) -> Part:
    return Part(
        name,
        about,
        f"{PACKAGE}.{measure}",
        RECORD,
        order,
        minutes,
        workers=0,
        precision="bfloat16, but the source's",
        timed=True,
    )


PARTS = [
    _timed("share", "operations a second, and where a step's time goes", "costs:share", 801, 1),
    _timed("costs", "time and operations of an image, by change", "costs:costs", 802, 4),
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
