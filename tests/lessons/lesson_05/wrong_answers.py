"""Wrong answers to lesson 05's exercises: (exercise, answer, a part of the hint that it should
get).
"""

from functools import partial

import torch
from torch import nn

from tests.lessons.lesson_00.wrong_answers import valley


def backward(maps, upstream, *, axes=(0, 2, 3), mean=1, variance=1, eps=1e-5, root=True):
    """The gradient of batch normalisation; each option makes one mistake."""
    deviation = (maps.var(dim=axes, correction=0, keepdim=True) + eps).sqrt()
    normalised = (maps - maps.mean(dim=axes, keepdim=True)) / deviation
    along = (upstream * normalised).mean(dim=axes, keepdim=True)
    found = upstream - mean * upstream.mean(dim=axes, keepdim=True) - variance * normalised * along
    return found / deviation if root else found


def camera(moved_by):
    """A network that is a batch normalisation, pictures, and an accuracy that knows whether the
    running mean lies where the new pictures are, at `moved_by`.
    """
    model = nn.BatchNorm2d(3)

    def accuracy(network):
        return 0.8 if abs(network.running_mean[0].item() - moved_by) < 0.1 else 0.2

    return model, torch.full((8, 3, 4, 4), moved_by), accuracy, 0.8


@torch.no_grad()
def one_pass(model, pictures):
    """Moves the statistics by a tenth of the way."""
    model.train()(pictures)


def half_way(model, pictures):
    model.running_mean.fill_(0.5)


def learn(model, pictures):
    with torch.no_grad():
        model.bias.add_(1)


def better_by(gain):
    """The starting place with an accuracy that rises by `gain` as soon as the statistics move."""
    model, pictures, _, clean = camera(1.0)
    return model, pictures, lambda net: 0.2 + gain * (net.running_mean[0].item() != 0), clean


WRONG = [
    ("05.backward", partial(backward, mean=0, variance=0), "two parts are missing"),
    ("05.backward", partial(backward, variance=0), "through the variance is missing"),
    ("05.backward", partial(backward, mean=0), "through the mean is missing"),
    ("05.backward", partial(backward, root=False), "Divide by the root"),
    ("05.backward", partial(backward, eps=0), "added to the variance before the root"),
    ("05.backward", partial(backward, axes=(0,)), "over images and places"),
    ("05.backward", partial(backward, axes=(2, 3)), "share one mean"),
    ("05.backward", partial(backward, variance=-1), "The numbers are wrong"),
    ("05.backward", lambda m, u: backward(m, u).sum(0), "has shape (4, 2, 3)"),
    ("05.backward", lambda m, u: u.mul_(2), "changed what it was given"),
    ("05.batches_needed", 44, "torch's default"),
    ("05.batches_needed", 2, "not what it brings"),
    ("05.batches_needed", 458, "one more"),
    ("05.batches_needed", 460, "give the smallest number"),
    ("05.batches_needed", 100, "0.99 to the power of 100 is 36.6%"),
    ("05.batches_needed", -5, "still too much"),
    ("05.batches_needed", 458.2, "Give a whole number"),
    ("05.two_at_a_time", (valley, ..., ...), "Replace the dots by a number"),
    ("05.two_at_a_time", (valley, 0.01, 2.5), "a fresh run has loss 1.000, not 2.500"),
    ("05.two_at_a_time", (valley, 0.1, 1.25), "A tenth of that rate has loss 1.000"),
    ("05.two_at_a_time", (valley, 0.001, 1.25), "Ten times of that rate has loss 1.000"),
    ("05.new_camera", (lambda model, pictures: None, *camera(1.0)), "Nothing has changed"),
    ("05.new_camera", (lambda model: None, *camera(1.0)), "stopped with TypeError"),
    ("05.new_camera", (learn, *camera(1.0)), "A weight has moved"),
    ("05.new_camera", (half_way, *better_by(0.4)), "65.0% are wanted"),
    ("05.new_camera", (one_pass, *better_by(-0.1)), "10.0% on the new pictures, after 20.0%"),
]
