"""Lesson 05: what batch normalisation buys and costs: learning rates, depth, small batches, a
forgotten eval().
"""

from benchmarks.harness import Part

RECORD, MODULE = "05_batch_normalization.{dataset}", "benchmarks.lesson_05.batch_norm"

PARTS = [
    Part(
        "rates",
        "six convolutions at seven rates, with it and without",
        f"{MODULE}:rates",
        RECORD,
        530,
        4,
    ),
    Part("depth", "twenty layers from three starts", f"{MODULE}:depth", RECORD, 531, 4),
    Part(
        "small_groups",
        "batches of 32, normalised in groups",
        f"{MODULE}:small",
        RECORD,
        532,
        4,
        arguments=("small_groups",),
    ),
    Part(
        "small_batches",
        "batches of 2 to 32, beside group normalisation",
        f"{MODULE}:small",
        RECORD,
        533,
        8,
        arguments=("small_batches",),
    ),
    Part(
        "tuned",
        "group and batch normalisation, each at three rates",
        f"{MODULE}:tuned",
        RECORD,
        535,
        14,
    ),
    Part(
        "forgotten",
        "accuracy with eval() forgotten, by batch size",
        "benchmarks.lesson_05.forgotten:forgotten",
        RECORD,
        534,
        5,
        precision="bfloat16",
    ),
]
