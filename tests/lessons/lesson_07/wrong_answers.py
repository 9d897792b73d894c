"""Wrong answers to lesson 07's exercises: (exercise, answer, a part of the hint that it should
get).
"""

import math
from functools import partial

import torch

DISEASES = {1: "labels", 2: "rate", 3: "eval", 4: "softmax", 5: "leak"}


def leaked(train, test, *, plain=True, mirror=True, mirrors=(-1,), add=False, turned=False):
    """Test images, or their mirror images, among the training images; each option makes one
    mistake.
    """

    def same(image, other):
        kinds = [torch.equal(image, other)] if plain else []
        return kinds + [torch.equal(image.flip(axis), other) for axis in mirrors if mirror]

    one, two = (train, test) if turned else (test, train)
    found = [[sum(kinds) for kinds in zip(*[same(a, b) for b in two], strict=True)] for a in one]
    return sum(sum(kinds) if add else any(kinds) for kinds in found)


WRONG = [
    ("07.floor", math.log, "the loss of knowing nothing"),
    ("07.floor", lambda k: 0.0, "no logit is above 1"),
    ("07.floor", lambda k: math.e / (math.e + k - 1), "with a minus"),
    ("07.floor", lambda k: -math.log(math.e / (math.e + k)), "how many others are there"),
    ("07.floor", lambda k: -math.log2(math.e / (math.e + k - 1)), "the natural logarithm"),
    ("07.floor", lambda k: 1.461, "For 10 classes you say 1.461"),
    ("07.floor", lambda k: None, "returns nothing"),
    ("07.leaked", partial(leaked, mirror=False), "A mirrored copy"),
    ("07.leaked", partial(leaked, plain=False), "the mirrored copies only"),
    ("07.leaked", partial(leaked, mirrors=(-1, -2)), "One too many"),
    ("07.leaked", partial(leaked, add=True), "One too many"),
    ("07.leaked", partial(leaked, turned=True), "each counts, even if several"),
    ("07.leaked", lambda a, b: len(b), "You find 9 of 9"),
    ("07.leaked", lambda a, b: [1, 2], "Return a number"),
    ("07.leaked", lambda a, b: None, "returns nothing"),
    ("07.diseases", DISEASES | {1: "rate"}, "Patient 1 is not 'rate'"),
    ("07.diseases", DISEASES | {2: "zero_grad"}, "what throws the weights that far"),
    ("07.diseases", DISEASES | {3: "leak"}, "which mode"),
    ("07.diseases", DISEASES | {4: "rate"}, "The loss has a floor"),
    ("07.diseases", DISEASES | {5: "eval"}, "where has the network seen"),
    ("07.diseases", DISEASES | {5: ...}, "Patient 5 has no answer yet"),
    ("07.diseases", DISEASES | {5: "flu"}, "is none of"),
    ("07.diseases", {1: "labels"}, "each of the patients 1 to 5"),
    ("07.diseases", ["labels"], "Give a dictionary"),
]
