"""Wrong answers to lesson 01's exercises: (exercise, answer, a part of the hint that it should
get).
"""

import torch
import torch.nn.functional as F
from torch import nn

SMALL = nn.Linear(3, 2)


def erase(image, top, left, side, *, channels=slice(None), bottom=None, clone=True):
    erased = image.clone() if clone else image
    erased[channels, top : top + side if bottom is None else bottom, left : left + side] = 0
    return erased


def cutmix(
    images,
    labels,
    top,
    left,
    height,
    width,
    classes,
    *,
    shift=1,
    swap=False,
    clone=True,
    other=None,
):
    mixed = images.clone() if clone else images
    window = (..., slice(top, top + height), slice(left, left + width))
    mixed[window] = images.roll(shift, dims=0)[window]
    other = height * width / images[0, 0].numel() if other is None else other
    one_hot = F.one_hot(labels, classes).float()
    weights = (other, 1 - other) if swap else (1 - other, other)
    return mixed, weights[0] * one_hot + weights[1] * one_hot.roll(1, dims=0)


def falling(pixels):
    """Of three pixels' shift this network loses twelve points, of two eight."""
    return 0.8 - 0.04 * pixels


WRONG = [
    ("01.erase", lambda *a: erase(*a, clone=False), "changed the image that it was given"),
    ("01.erase", lambda *a: erase(*a, channels=0), "in all of them"),
    ("01.erase", lambda i, y, x, s: erase(i, x, y, s), "Rows and columns are swapped"),
    ("01.erase", lambda i, y, x, s: erase(i, y, x, s + 1), "covers 9 pixels, yours 16"),
    ("01.erase", lambda i, y, x, s: erase(i, y, x, s, bottom=s), "covers 9 pixels, yours 6"),
    ("01.erase", lambda i, y, x, s: erase(i, y - 1, x - 1, s), "in the wrong place"),
    (
        "01.erase",
        lambda i, y, x, s: erase(i, min(y, 6 - s), min(x, 8 - s), s),
        "cut off there, not moved",
    ),
    ("01.erase", lambda i, y, x, s: i.clone(), "Nothing was erased"),
    (
        "01.erase",
        lambda i, y, x, s: torch.where(erase(i, y, x, s) == 0, 0, i / 2),
        "Outside the square",
    ),
    ("01.cutmix", lambda *a: cutmix(*a, clone=False), "changed the images that it was given"),
    ("01.cutmix", lambda *a: cutmix(*a, shift=-1), "roll by 1, not -1"),
    ("01.cutmix", lambda *a: cutmix(*a, swap=True), "The shares are exchanged"),
    ("01.cutmix", lambda *a: cutmix(*a, other=0.5), "goes to the pasted image's class"),
    ("01.cutmix", lambda *a: cutmix(*a, other=0), "goes to the pasted image's class"),
    (
        "01.cutmix",
        lambda i, y, *w: cutmix(i, y, w[1], w[0], w[3], w[2], w[4]),
        "The new images are wrong",
    ),
    ("01.cutmix", lambda *a: (cutmix(*a)[0], cutmix(*a)[1] * 2), "should add up to 1"),
    ("01.cutmix", lambda *a: (cutmix(*a)[0], a[1]), "has shape (3,)"),
    ("01.cutmix", lambda *a: cutmix(*a)[0], "Return two tensors"),
    ("01.shift", (falling, 2, 0.72), "2 pixels cost 8.0 points: shift further"),
    ("01.shift", (falling, 4, 0.64), "3 pixels already cost 12.0 points"),
    ("01.shift", (falling, 3, 0.65), "has accuracy 0.680, not 0.650"),
    ("01.shift", (falling, 3, 68), "from 0 to 1, not 68"),
    ("01.shift", (falling, 0, 0.8), "Without a shift nothing is lost"),
    ("01.shift", (falling, 2.5, 0.7), "Give a whole number"),
    ("01.shift", (lambda pixels: 1 / 0, 3, 0.68), "Your code stopped with ZeroDivisionError"),
    (
        "01.few_pictures",
        (SMALL, 0.53, SMALL, 0.48),
        "+5.0 points on the 48.0% to beat: +6.0 are wanted",
    ),
    ("01.few_pictures", (SMALL, 0.4, SMALL, 0.48), "-8.0 points on the 48.0% to beat"),
    ("01.few_pictures", (nn.Linear(9, 2), 0.9, SMALL, 0.48), "learns 20 numbers: at most 8"),
    ("01.few_pictures", (SMALL, 55, SMALL, 0.48), "from 0 to 1, not 55"),
    ("01.few_pictures", (..., 0.6, SMALL, 0.48), "give an nn.Module first"),
]
