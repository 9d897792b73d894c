"""Checkers of lesson 00, the training loop."""

import torch
import torch.nn.functional as F

from course_utils.exercises.mechanism import close, exercise, require, require_tensor


@exercise("00.softmax")
def check_softmax(answer) -> None:
    """A function (N, classes) -> probabilities that large logits do not overflow."""
    logits = torch.tensor([[1.0, 2.0, 3.0], [-1.0, 0.5, 4.0]])
    given = logits.clone()
    value = answer(given)
    require_tensor(value, (2, 3), "the result of your function")
    require(
        torch.equal(given, logits), "Your function changed the logits that it was given: build a new tensor instead."
    )
    rows = value.sum(dim=1)
    require(
        close(rows, torch.ones(2)),
        f"The rows should add up to 1, but give {[round(x, 3) for x in rows.tolist()]}: sum over dim=1.",
    )
    require(
        close(value, F.softmax(logits, dim=1)), "The rows add up to 1, but are no softmax: is the exponential in it?"
    )
    large = torch.tensor([[1000.0, 999.0, 0.0]])
    value = answer(large.clone())
    require(
        bool(value.isfinite().all()),
        "Small logits work, large ones overflow: subtract each row's largest logit before exp.",
    )
    # One maximum for the whole batch leaves all of a low row's exponentials zero, and 0 / 0 is not a number.
    mixed = torch.tensor([[1000.0, 999.0, 0.0], [-1000.0, -1000.0, -1001.0]])
    require(
        close(answer(mixed.clone()), F.softmax(mixed, dim=1)),
        "Single images work, a batch with very different rows does not: each row needs its own maximum (dim=1).",
    )


@exercise("00.gradient_step")
def check_gradient_step(answer) -> None:
    """A function (weight, bias, pixels, labels, rate) -> the weight and bias after one step of gradient descent."""
    generator = torch.Generator().manual_seed(0)
    weight, bias, pixels = (torch.randn(*shape, generator=generator) for shape in ((3, 5), (3,), (4, 5)))
    labels, rate = torch.tensor([0, 2, 2, 1]), 0.5
    value = answer(weight.clone(), bias.clone(), pixels.clone(), labels, rate)
    require(
        value is not None, "Your function returns nothing yet: replace the dots, and return the new weight and bias."
    )
    require(isinstance(value, tuple) and len(value) == 2, "Return two tensors: the new weight and the new bias.")
    require_tensor(value[0], (3, 5), "the new weight")
    require_tensor(value[1], (3,), "the new bias")
    leaf_weight, leaf_bias = weight.clone().requires_grad_(), bias.clone().requires_grad_()
    F.cross_entropy(pixels @ leaf_weight.T + leaf_bias, labels).backward()
    step_weight, step_bias = -rate * leaf_weight.grad, -rate * leaf_bias.grad
    moved = value[0] - weight, value[1] - bias
    require(not close(moved[0], -step_weight), "Your step goes up the gradient: the loss grows. Subtract instead.")
    require(
        not close(moved[0], step_weight * len(labels)),
        "Your step is N times too long: the loss is a mean over N images.",
    )
    require(not close(moved[0] * rate, step_weight), "The direction is right, but the learning rate is not in it.")
    require(close(moved[0], step_weight), "The new weight is wrong: it needs (probabilities - one_hot).T @ pixels / N.")
    require(
        close(moved[1], step_bias),
        "The weight is right, the bias is not: sum the logits' gradient over the images (dim=0).",
    )


@exercise("00.images_needed")
def check_images_needed(answer) -> None:
    """The smallest n with sqrt(0.9 * 0.1 / n) <= 0.005: 3600."""
    require(answer is not ... and answer is not None, "Replace the dots by a number.")
    require(isinstance(answer, (int, float)) and not isinstance(answer, bool), "Give a number.")
    require(answer != 18, "You forgot the square: the standard error falls with the root of n, so square the ratio.")
    require(answer != 0.36 and answer != 36, "Half a point is 0.005, not 0.05 or 0.5: one point is a hundredth.")
    require(answer != 40000 and answer != 36000, "Use p * (1 - p), with p = 0.9: 0.09.")
    require(answer >= 3600, f"With {answer} images the standard error is above half a point.")
    require(answer == 3600, f"{answer} images are enough, but fewer are too: give the smallest number.")
