"""Wrong answers to lesson 08's exercises: (exercise, answer, a part of the hint that it should
get).
"""

from functools import partial


def triangle(step, steps, peak, warmup, *, start=0.0, turn=None, end=0.0):
    """The solution; each option makes one mistake."""
    turn, done = warmup if turn is None else turn, step / steps
    return peak * (
        start + (1 - start) * done / turn
        if done < turn
        else end + (1 - end) * (1 - done) / (1 - turn)
    )


def alternate(images, first, epoch, *, axis=-1, odd=True, swapped=False, always=False, clone=True):
    mirrored = first ^ (odd and epoch % 2 == 1) ^ swapped ^ (always and epoch > 1)
    out = images.clone() if clone else images
    out[mirrored] = images[mirrored].flip(axis)
    return out


WRONG = [
    ("08.rate_at", partial(triangle, start=0.2), "begins at the very bottom"),
    ("08.rate_at", lambda step, steps, peak, warmup: peak * min(step, 1), "after one step already"),
    ("08.rate_at", partial(triangle, turn=0.2), "Halfway up"),
    ("08.rate_at", partial(triangle, end=0.5), "Halfway down"),
    ("08.rate_at", lambda *a: None, "returns nothing yet"),
    ("08.rate_at", lambda *a: "0.1", "Return a number"),
    ("08.alternate", partial(alternate, axis=-2), "upside down"),
    ("08.alternate", partial(alternate, odd=False), "Epoch 1 looks like epoch 0"),
    ("08.alternate", partial(alternate, swapped=True), "In epoch 0 those are mirrored for which"),
    ("08.alternate", partial(alternate, always=True), "Epoch 2 is as epoch 0"),
    ("08.alternate", partial(alternate, clone=False), "You changed the images"),
    ("08.alternate", lambda images, first, epoch: images[0], "has shape"),
    ("08.epochs_in_budget", lambda o, m, n: o // (m * n), "three forward passes"),
    ("08.epochs_in_budget", lambda o, m, n: o // (2 * m * n), "passes backward"),
    ("08.epochs_in_budget", lambda o, m, n: o // (3 * m * n), "two operations"),
    ("08.epochs_in_budget", lambda o, m, n: o / (6 * m * n), "round down"),
    ("08.epochs_in_budget", lambda o, m, n: max(1, o // (6 * m * n)), "pays for none"),
]
