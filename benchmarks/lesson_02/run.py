"""Lesson 02: four ways to scale the input; which learning rates train, and what a trained network
makes of the wrong ones.
"""

from benchmarks.harness import Part

SWEEPS = (
    "SGD",
    "Adam",
    "SGD, batch normalisation",
    "Adam, batch normalisation",
    "SGD, PyTorch's start",
    "SGD, linear classifier",
)
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
    *(
        Part(
            name,
            "the loss at each rate, by input, three seeds",
            f"{MODULE}:sweep",
            RECORD,
            511 + i,
            3,
            arguments=(name,),
        )
        for i, name in enumerate(SWEEPS)
    ),
    Part("fed", "trained on one scale, fed another", f"{MODULE}:fed", RECORD, 518, 3),
]
