"""Checkers of lesson 02, normalization."""

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.exercises import exercise, plain, require
from course_utils.lessons.judging import (
    as_number,
    calls,
    close,
    kind,
    require_pair,
    require_tensor,
    returned,
    three_rates,
)

GENERATOR = torch.Generator().manual_seed(0)
WEIGHT = torch.randn(4, 3 * 5 * 5, generator=GENERATOR)
BIAS = torch.randn(4, generator=GENERATOR)
MEAN, STD = torch.tensor([0.5, 0.4, 0.3]), torch.tensor([0.25, 0.2, 0.1])


@exercise("02.fold", calls((WEIGHT, BIAS, MEAN, STD)))
def judge_fold(results) -> None:
    """A function (weight, bias, mean, std) -> those of a linear layer that does the normalising
    itself.
    """
    value = returned(results[0])
    require_pair(value, "the new weight", "the new bias")
    weight, bias = value
    require_tensor(weight, (4, 75), "The new weight")
    require_tensor(bias, (4,), "The new bias")
    mean, std = (values.repeat_interleave(25) for values in (MEAN, STD))  # one a pixel
    require(
        not close(weight, WEIGHT * std),
        "You multiply by the std: a normalised pixel is divided by it, so the weight is too.",
    )
    require(
        not close(weight, WEIGHT / STD.repeat(25)),
        "Flatten puts all of red first, then green, then blue: "
        "use repeat_interleave, or view the weight as (out, 3, pixels).",
    )
    require(
        close(weight, WEIGHT / std),
        "The new weight is wrong: divide each weight by the std of its pixel's channel.",
    )
    shift = WEIGHT / std @ mean
    require(
        not close(bias, BIAS),
        "The weight is right. The bias has to take away what the mean adds.",
    )
    require(
        not close(bias, BIAS + shift),
        "The weight is right. The bias moves the wrong way: subtract.",
    )
    require(
        not close(bias, BIAS - WEIGHT @ mean),
        "The weight is right. The mean too is divided by the std: use the new weight for the bias.",
    )
    images = torch.rand(2, 75, generator=torch.Generator().manual_seed(1))
    found = F.linear(images, weight.float(), bias.float())
    require(
        close(found, F.linear((images - mean) / std, WEIGHT, BIAS), tolerance=1e-4),
        "The weight is right, the bias is not: sum new weight times mean over all pixels.",
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
        f"{rate} is not it: section 4 has the law, here with 65535 in place of 255.",
    )


@exercise("02.adam", three_rates)
def judge_adam(facts) -> None:
    """Adam's best rate for raw bytes, in powers of ten, and the loss that it reaches."""
    rate, loss = as_number(facts["rate"]), as_number(facts["loss"])
    again = as_number(returned(facts["again"]), verb="Return")
    require(
        abs(again - loss) <= 0.02 * abs(again),
        f"At {rate:g} a fresh run has loss {again:.3f}, not {loss:.3f}: run it and copy the number.",
    )
    for words in ("a tenth", "ten times"):
        if facts[words]["error"] is not None:
            continue  # steps so large that the loss is no number any more
        other = as_number(returned(facts[words]), verb="Return")
        require(
            other > again,
            f"At {words} of that rate the loss is {other:.3f}, and {again:.3f} at yours: "
            "look further.",
        )


def layers_and_losses(answer) -> dict:
    """Of (network, its loss, the loss to be held against): the names of the layers, and both."""
    model, loss, reference = answer
    if not isinstance(model, nn.Module):
        return {"no network": plain(model)}
    leaves = [module for module in model.modules() if not list(module.children())]
    layers = [type(module).__name__ for module in leaves]
    return {"layers": layers, "loss": plain(loss), "reference": plain(reference)}


@exercise("02.further", layers_and_losses)
def judge_further(facts) -> None:
    """A linear classifier whose loss is 0.03 below the reference."""
    if "no network" in facts:
        require(False, f"That is a {kind(facts['no network'])}: give an nn.Module first.")
    layers = facts["layers"]
    require(
        layers.count("Linear") == 1 and set(layers) <= {"Flatten", "Linear"},
        f"Your network has {', '.join(layers)}: one Linear, after a Flatten, is allowed.",
    )
    loss, target = as_number(facts["loss"]), as_number(facts["reference"]) - 0.03
    require(
        loss <= target,
        f"Your validation loss is {loss:.3f}: at most {target:.3f} is wanted.",
    )
