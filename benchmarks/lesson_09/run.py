"""Lesson 09: four recurrent networks, a CNN and attention of equal cost, as images are and with
their pixels permuted.
"""

from benchmarks.harness import Part

RECORD, MODULE = "09_rnn.{dataset}", "benchmarks.lesson_09.rows"

PARTS = [
    Part("search", "the best rate of each network", f"{MODULE}:search", RECORD, 550, 8, workers=1),
    Part("training", "each, three seeds", f"{MODULE}:training", RECORD, 551, 8, workers=1),
]
