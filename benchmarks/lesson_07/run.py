"""Lesson 07: what the usual faults cost: of training, of use, of the report."""

from benchmarks.harness import Part

PARTS = [
    Part(
        "faults",
        "healthy and faulty networks, three seeds; calibration of two of them",
        "benchmarks.lesson_07.faults:faults",
        "07_diagnosis.{dataset}",
        300,
        35,
        precision="bfloat16",
    )
]
