"""Checkers of lesson 09, recurrent networks."""

import math

import torch
from torch import nn

from course_utils.exercises import exercise, require
from course_utils.lessons.judging import (
    as_number,
    call,
    calls,
    close,
    judge_gain,
    judge_size,
    number_or_none,
    require_tensor,
    returned,
    size_and_scores,
    unchanged,
)


@exercise("09.forget_bias")
def judge_forget_bias(answer) -> None:
    """The bias at which sigmoid(bias) ** 31 is one half."""
    number = as_number(answer)

    def bias(steps: int) -> float:
        gate = 0.5 ** (1 / steps)
        return math.log(gate / (1 - gate))

    def near(value: float) -> bool:
        return math.isclose(number, value, abs_tol=0.006)

    right = bias(31)
    require(
        not near(0.5 ** (1 / 31)),
        "That is the gate. The bias is the number whose sigmoid is the gate.",
    )
    require(
        number != 0, "With bias 0 the gate is 1/2 at every single step: 31 steps leave (1/2) ** 31."
    )
    require(not near(-right), "The sign: a gate above 1/2 has a bias above 0.")
    require(
        not near(bias(32)), "From the last of 32 rows back to the first there are 31 steps, not 32."
    )
    gate = 1 / (1 + math.exp(-max(min(number, 50.0), -50.0)))
    require(
        near(right),
        f"With {number:.3f} the gate is {gate:.4f}, and {gate**31:.3f} is left after 31 steps.",
    )


STATES = torch.arange(3 * 5 * 2, dtype=torch.float32).reshape(3, 5, 2)
LENGTHS = torch.tensor([2, 5, 1])


@exercise("09.last_states", calls((STATES, LENGTHS)))
def judge_last_states(results) -> None:
    """A function (states, lengths) -> the state at each sequence's own last step, (N, hidden)."""
    value = returned(results[0])
    require_tensor(value, (3, 2), "What your function gives for states (3, 5, 2)")
    require(
        unchanged(results[0], STATES, LENGTHS),
        "Your function changed the states that it was given.",
    )
    rows = torch.arange(3)
    pairs = zip(STATES, LENGTHS, strict=True)
    means = torch.stack([states[:length].mean(dim=0) for states, length in pairs])
    for wrong, hint in (
        (
            STATES[:, -1],
            "That is the last step for all: "
            "the states behind a sequence's end come from reading padding.",
        ),
        (
            STATES[rows, LENGTHS.clamp(max=4)],
            "One step too far: a sequence of length 2 ends at step 1, counted from 0.",
        ),
        (
            STATES[rows, LENGTHS - 2],
            "One step too early: a sequence of length 2 ends at step 1, counted from 0.",
        ),
        (STATES[0, LENGTHS - 1], "You take all states from the first sequence."),
        (means, "That is the mean of each sequence's states: take its last one."),
    ):
        require(not close(value, wrong), hint)
    require(
        close(value, STATES[rows, LENGTHS - 1]),
        "The numbers are not those of step length - 1 of each sequence.",
    )


READINGS = {"the last state": False, "the mean of all states": True}


def measure_again(answer) -> dict:
    """The learner's (function, two losses), and the function called anew for each way to read."""
    measure, *stated = answer
    facts = {"stated": dict(zip(READINGS, stated, strict=True))}
    if all(number_or_none(value) is not None for value in stated):
        facts["again"] = {name: call(measure, mean) for name, mean in READINGS.items()}
    return facts


@exercise("09.mean_state", measure_again)
def judge_mean_state(facts) -> None:
    """Two training losses that a fresh run confirms within 0.02."""
    stated = {name: as_number(value) for name, value in facts["stated"].items()}
    again = {name: as_number(returned(facts["again"][name]), verb="Return") for name in stated}
    last, mean = (abs(stated[name] - again[name]) <= 0.02 for name in READINGS)
    swapped = abs(stated["the last state"] - again["the mean of all states"]) <= 0.02
    require(last or not swapped, "You mixed them up: the first is measure(False).")
    for name, right in zip(READINGS, (last, mean), strict=True):
        require(
            right,
            f"For {name} you say {stated[name]:.2f}; a fresh run has {again[name]:.2f}.",
        )


MOST = 117_002  # the parameters of the lesson's LSTM
GAIN = 8.0  # points over it


def reader(answer: tuple) -> dict:
    """A first half: size and scores of the network, and its convolutions by name."""
    facts, model = size_and_scores(answer), answer[0]
    if isinstance(model, nn.Module):
        kinds = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
        facts["convolutions"] = [n for n, m in model.named_modules() if isinstance(m, kinds)]
    return facts


@exercise("09.reader", reader)
def judge_reader(facts) -> None:
    """A network without convolutions, of at most MOST parameters, GAIN points above the LSTM."""
    judge_size(facts, MOST)
    found = facts["convolutions"]
    require(not found, f"This one has to do without convolutions: yours is {', '.join(found)}.")
    judge_gain(facts, GAIN)
