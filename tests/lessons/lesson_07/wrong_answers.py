"""Wrong answers to lesson 07's exercises: (exercise, answer, a part of the hint that it should
get).
"""

import math

import torch

from course_utils.lessons.lesson_07.broken import WARD, drawn, wrong_places


def measure(share):
    return 0.6 - share


PLACES = wrong_places(500, 0).tolist()
OTHERS = [index for index in range(500) if index not in PLACES]
SEED_OF = {name: next(seed for seed in range(100) if drawn(seed) == name) for name in WARD}

WRONG = [
    ("07.floor", math.log, "the loss of knowing nothing"),
    ("07.floor", lambda k: 0.0, "no logit is above 1"),
    ("07.floor", lambda k: math.e / (math.e + k - 1), "with a minus"),
    ("07.floor", lambda k: -math.log(math.e / (math.e + k)), "how many others are there"),
    ("07.floor", lambda k: -math.log2(math.e / (math.e + k - 1)), "the natural logarithm"),
    ("07.floor", lambda k: 1.461, "For 10 classes you say 1.461"),
    ("07.floor", lambda k: None, "returns nothing"),
    ("07.noise", (measure, 0.6, ...), "Replace the dots by a number"),
    ("07.noise", (measure, 60, 30), "an accuracy lies between 0 and 1"),
    ("07.noise", (measure, 0.3, 0.6), "You mixed them up: the first is measure(0.0)"),
    ("07.noise", (measure, 0.5, 0.3), "wrong labels of 0.0 you say 50.0%; a fresh run has 60.0%"),
    ("07.noise", (measure, 0.6, 0.1), "wrong labels of 0.3 you say 10.0%; a fresh run has 30.0%"),
    ("07.seventh", "scale", "Give a pair"),
    ("07.seventh", (0, ...), "No diagnosis yet"),
    ("07.seventh", ("zero", "scale"), "is the seed, a whole number"),
    ("07.seventh", (0, "flu"), "'flu' is none of softmax, labels"),
    ("07.seventh", (SEED_OF["eval"], "softmax"), "every output would be a probability"),
    ("07.seventh", (SEED_OF["scale"], "labels"), "would bear a wrong name. Is that so?"),
    ("07.seventh", (SEED_OF["rate"], "zero_grad"), "look at p.grad after"),
    ("07.seventh", (SEED_OF["labels"], "rate"), "another rate would cure it"),
    ("07.seventh", (SEED_OF["scale"], "eval"), "other logits than in company"),
    ("07.seventh", (SEED_OF["zero_grad"], "frozen"), "count what the optimizer was given"),
    ("07.seventh", (SEED_OF["softmax"], "scale"), "would differ between the loaders"),
    ("07.wrong_labels", (0, 500, OTHERS[:50]), "0.0% of those you name are wrong: 50% are wanted"),
    ("07.wrong_labels", (0, 500, torch.tensor(OTHERS[:10])), "You name 10 pictures: exactly 50"),
    ("07.wrong_labels", (0, 500, PLACES[:49] + PLACES[:1]), "name each once"),
    ("07.wrong_labels", (0, 500, [0.5] * 50), "a whole number from 0 to 499"),
    ("07.wrong_labels", (0, 500, [600, *PLACES[1:]]), "a whole number from 0 to 499"),
    ("07.wrong_labels", (0, 500, ...), "Give a list of indices"),
]
