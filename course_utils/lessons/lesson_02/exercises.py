"""Checkers of lesson 02, normalization."""

import torch
import torch.nn.functional as F

from course_utils.exercises import close, exercise, require, require_pair, require_tensor


@exercise("02.merge")
def check_merge(answer) -> None:
    """A function (count, mean, std, count, mean, std) of two parts -> the mean and the std of both
    together.
    """
    generator = torch.Generator().manual_seed(0)
    dark = 0.1 + 0.1 * torch.rand(3, 300, generator=generator, dtype=torch.float64)
    light = 0.5 + 0.4 * torch.rand(3, 100, generator=generator, dtype=torch.float64)
    means = [part.mean(dim=1) for part in (dark, light)]
    stds = [part.std(dim=1, correction=0) for part in (dark, light)]
    value = answer(300, means[0].clone(), stds[0].clone(), 100, means[1].clone(), stds[1].clone())
    require_pair(value, "the mean", "the std")
    require_tensor(value[0], (3,), "the mean")
    require_tensor(value[1], (3,), "the std")
    both = torch.cat([dark, light], dim=1)
    variance = both.var(dim=1, correction=0)
    within = 0.75 * stds[0] ** 2 + 0.25 * stds[1] ** 2
    require(
        not close(value[0], (means[0] + means[1]) / 2),
        "The parts have 300 and 100 pixels, and your mean treats them alike: weight each by its count.",
    )
    require(
        close(value[0], both.mean(dim=1)),
        "The mean is wrong: (count * mean + count * mean) / (count + count).",
    )
    require(
        not close(value[1], 0.75 * stds[0] + 0.25 * stds[1]),
        "The mean is right. The std is a mean of stds: section 4 shows what gets lost in it.",
    )
    require(
        not close(value[1], within.sqrt()),
        "The mean is right. The std has the spread within the parts, not the spread between their means.",
    )
    require(
        not close(value[1], variance), "The mean is right. You return the variance: take its root."
    )
    require(
        close(value[1], variance.sqrt()),
        "The mean is right, the std is not: find the mean of the squares of each part first, std**2 + mean**2.",
    )


@exercise("02.fold")
def check_fold(answer) -> None:
    """A function (weight, bias, mean, std) -> a convolution that does the normalising itself."""
    generator = torch.Generator().manual_seed(0)
    weight, bias = torch.randn(4, 3, 3, 3, generator=generator), torch.randn(4, generator=generator)
    mean, std = torch.tensor([0.5, 0.4, 0.3]), torch.tensor([0.25, 0.2, 0.1])
    images = torch.rand(2, 3, 6, 6, generator=generator)
    value = answer(weight.clone(), bias.clone(), mean.clone(), std.clone())
    require_pair(value, "the new weight", "the new bias")
    require_tensor(value[0], (4, 3, 3, 3), "the new weight")
    require_tensor(value[1], (4,), "the new bias")
    new_weight = weight / std.view(1, 3, 1, 1)
    shift = (new_weight * mean.view(1, 3, 1, 1)).sum(dim=(1, 2, 3))
    require(
        not close(value[0], weight * std.view(1, 3, 1, 1)),
        "You multiply by the std: a normalised pixel is divided by it, so the weight is too.",
    )
    require(
        close(value[0], new_weight),
        "The new weight is wrong: divide each input channel, dim 1, by its std.",
    )
    require(
        not close(value[1], bias),
        "The weight is right. The bias has to take away what the mean adds.",
    )
    require(
        not close(value[1], bias + shift),
        "The weight is right. The bias moves the wrong way: subtract.",
    )
    unscaled = (weight * mean.view(1, 3, 1, 1)).sum(dim=(1, 2, 3))
    require(
        not close(value[1], bias - unscaled),
        "The weight is right. The mean too is divided by the std: use the new weight for the bias.",
    )
    normalised = (images - mean.view(3, 1, 1)) / std.view(3, 1, 1)
    require(
        close(F.conv2d(images, *value), F.conv2d(normalised, weight, bias), tolerance=1e-4),
        "The weight is right, the bias is not: sum new weight times mean over all channels and places of a kernel.",
    )


@exercise("02.rate")
def check_rate(answer) -> None:
    """The learning rate for pixels from 0 to 65535 that trains as 0.01 does for pixels from 0 to 1."""
    require(answer is not ... and answer is not None, "Replace the dots by a number.")
    require(isinstance(answer, (int, float)) and not isinstance(answer, bool), "Give a number.")

    def near(value: float) -> bool:
        return abs(answer / value - 1) < 1e-6

    require(answer > 0, "A learning rate is above 0.")
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
        f"{answer} is not it: section 6 has the law, here with 65535 in place of 255.",
    )
