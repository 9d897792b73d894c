"""Lesson 09: five recurrent networks and a CNN of equal cost, read by rows, by columns and with
permuted pixels.
"""

from benchmarks.harness import Part

RECORD, MODULE = "09_rnn.{dataset}", "benchmarks.lesson_09.rows"

PARTS = [
    Part("search", "the best rate of each network", f"{MODULE}:search", RECORD, 550, 3),
    Part("training", "each network, three seeds", f"{MODULE}:training", RECORD, 551, 20),
    Part("clipping", "clipped and not, by rate", f"{MODULE}:clipping", RECORD, 552, 2),
]
