"""Lesson 02: four ways to scale the input, and which learning rates train a linear classifier."""

from benchmarks.harness import Part

SWEEP = "SGD, linear classifier"
RECORD, MODULE = "02_normalization.{dataset}", "benchmarks.lesson_02.scaling"

PARTS = [
    Part(
        "statistics",
        "right and wrong numbers",
        f"{MODULE}:statistics",
        RECORD,
        510,
        1,
        workers=0,
    ),
    Part(
        SWEEP,
        "the loss at each rate, by input, three seeds",
        f"{MODULE}:sweep",
        RECORD,
        511,
        3,
        arguments=(SWEEP,),
    ),
]
