"""Checkers of lesson 02, normalization."""

import torch
import torch.nn.functional as F

from course_utils.exercises import (
    as_number,
    calls,
    close,
    exercise,
    require,
    require_pair,
    require_tensor,
    returned,
)

GENERATOR = torch.Generator().manual_seed(0)
DARK = 0.1 + 0.1 * torch.rand(3, 300, generator=GENERATOR, dtype=torch.float64)
LIGHT = 0.5 + 0.4 * torch.rand(3, 100, generator=GENERATOR, dtype=torch.float64)
MEANS = [part.mean(dim=1) for part in (DARK, LIGHT)]
STDS = [part.std(dim=1, correction=0) for part in (DARK, LIGHT)]


@exercise("02.merge", calls((300, MEANS[0], STDS[0], 100, MEANS[1], STDS[1])))
def judge_merge(results) -> None:
    """A function (count, mean, std, count, mean, std) of two parts -> the mean and the std of both
    together.
    """
    value = returned(results[0])
    require_pair(value, "the mean", "the std")
    mean, std = value
    require_tensor(mean, (3,), "the mean")
    require_tensor(std, (3,), "the std")
    both = torch.cat([DARK, LIGHT], dim=1)
    variance = both.var(dim=1, correction=0)
    within = 0.75 * STDS[0] ** 2 + 0.25 * STDS[1] ** 2
    require(
        not close(mean, (MEANS[0] + MEANS[1]) / 2),
        "The parts have 300 and 100 pixels, and your mean treats them alike: "
        "weight each by its count.",
    )
    require(
        close(mean, both.mean(dim=1)),
        "The mean is wrong: (count * mean + count * mean) / (count + count).",
    )
    require(
        not close(std, 0.75 * STDS[0] + 0.25 * STDS[1]),
        "The mean is right. The std is a mean of stds: section 4 shows what gets lost in it.",
    )
    require(
        not close(std, within.sqrt()),
        "The mean is right. The std has the spread within the parts, "
        "not the spread between their means.",
    )
    require(not close(std, variance), "The mean is right. You return the variance: take its root.")
    require(
        close(std, variance.sqrt()),
        "The mean is right, the std is not: "
        "find the mean of the squares of each part first, std**2 + mean**2.",
    )


WEIGHT = torch.randn(4, 3, 3, 3, generator=GENERATOR)
BIAS = torch.randn(4, generator=GENERATOR)
MEAN, STD = torch.tensor([0.5, 0.4, 0.3]), torch.tensor([0.25, 0.2, 0.1])


@exercise("02.fold", calls((WEIGHT, BIAS, MEAN, STD)))
def judge_fold(results) -> None:
    """A function (weight, bias, mean, std) -> a convolution that does the normalising itself."""
    value = returned(results[0])
    require_pair(value, "the new weight", "the new bias")
    weight, bias = value
    require_tensor(weight, (4, 3, 3, 3), "the new weight")
    require_tensor(bias, (4,), "the new bias")
    mean, std = MEAN.view(1, 3, 1, 1), STD.view(1, 3, 1, 1)
    require(
        not close(weight, WEIGHT * std),
        "You multiply by the std: a normalised pixel is divided by it, so the weight is too.",
    )
    require(
        close(weight, WEIGHT / std),
        "The new weight is wrong: divide each input channel, dim 1, by its std.",
    )
    shift = (WEIGHT / std * mean).sum(dim=(1, 2, 3))
    require(
        not close(bias, BIAS),
        "The weight is right. The bias has to take away what the mean adds.",
    )
    require(
        not close(bias, BIAS + shift),
        "The weight is right. The bias moves the wrong way: subtract.",
    )
    unscaled = (WEIGHT * mean).sum(dim=(1, 2, 3))
    require(
        not close(bias, BIAS - unscaled),
        "The weight is right. The mean too is divided by the std: use the new weight for the bias.",
    )
    images = torch.rand(2, 3, 6, 6, generator=torch.Generator().manual_seed(1))
    found = F.conv2d(images, weight.float(), bias.float())
    require(
        close(found, F.conv2d((images - mean) / std, WEIGHT, BIAS), tolerance=1e-4),
        "The weight is right, the bias is not: "
        "sum new weight times mean over all channels and places of a kernel.",
    )


@exercise("02.rate")
def judge_rate(answer) -> None:
    """The rate for pixels from 0 to 65535 that trains as 0.01 does for pixels from 0 to 1."""
    rate = as_number(answer)

    def near(value: float) -> bool:
        return abs(rate / value - 1) < 1e-6

    require(rate > 0, "A learning rate is above 0.")
    require(
        not near(0.01 / 65535),
        "The scale acts twice, on the gradient and on the logits: divide by its square.",
    )
    require(
        not near(0.01 * 65535) and not near(0.01 * 65535**2),
        "Larger pixels need smaller steps: divide, not multiply.",
    )
    require(not near(0.01 / 255**2), "That is the rate for 8 bits. These pixels go to 65535.")
    require(
        not near(0.01 / 65536**2), "Close: 16 bits hold 65536 values, but the largest is 65535."
    )
    require(
        near(0.01 / 65535**2),
        f"{rate} is not it: section 6 has the law, here with 65535 in place of 255.",
    )
