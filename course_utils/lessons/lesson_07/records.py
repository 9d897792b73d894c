"""What lesson 07 says of its record on CIFAR-10: what each fault costs, and calibration."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from course_utils.intervals import interval
from course_utils.plotting import COLORS

KINDS = {"training": COLORS[0], "use": COLORS[1], "report": COLORS[2]}


class Cost(NamedTuple):
    """A fault, its kind, the mean accuracies without and with it, the changes with the fault, one for
    each seed that has both, and all that were measured with it.
    """

    fault: str
    kind: str
    healthy: float
    faulty: float
    changes: list[float]
    spread: list[float]


def costs(record: Mapping[str, Any]) -> list[Cost]:
    """The record's faults, from the one that takes most of the reported accuracy to the one that adds
    most to it.
    """
    found = []
    for row in record["faults"]:
        pairs = [
            (healthy, faulty)
            for healthy, faulty in zip(row["healthy"], row["faulty"], strict=True)
            if healthy is not None and faulty is not None
        ]
        healthy, faulty = (sum(column) / len(pairs) for column in zip(*pairs, strict=True))
        changes = [b - a for a, b in pairs]
        spread = [value - healthy for value in row["faulty"] if value is not None]
        found.append(Cost(row["fault"], row["kind"], healthy, faulty, changes, spread))
    return sorted(found, key=lambda cost: cost.faulty - cost.healthy)


def signed(points: float) -> str:
    """ "+3.8", "-0.1"; what rounds to nothing is "+0.0"."""
    return f"{round(points, 1) + 0.0:+.1f}"


def sentence(cost: Cost) -> str:
    """ "fault: 86.4 % -> 79.4 %, -7.0 points, 1 seed", with its interval where there are several."""
    mean, low, high = (100 * value for value in interval(cost.changes))
    said = (
        f"{cost.fault}: {100 * cost.healthy:.1f} % -> {100 * cost.faulty:.1f} %, "
        f"{signed(mean)} points"
    )
    if len(cost.changes) == 1:
        return f"{said}, 1 seed"
    return f"{said}, 95 % interval {low:.1f} to {high:.1f}, {len(cost.changes)} seeds"


def plot_costs(record: Mapping[str, Any]) -> Figure:
    """How each fault changes the accuracy that is reported, in points; dots are single seeds."""
    found = costs(record)
    figure, ax = plt.subplots(figsize=(8.5, 0.27 * len(found) + 0.8))
    for place, cost in enumerate(found):
        points = 100 * (cost.faulty - cost.healthy)
        ax.barh(place, points, height=0.7, color=KINDS[cost.kind], alpha=0.75)
        dots = [100 * value for value in cost.spread]
        ax.plot(dots, [place] * len(dots), "o", color="black", markersize=3)
        beside = 1.2 + max([points, *dots, 0])  # right of the bar, or of the axis
        ax.text(beside, place, signed(points), va="center", fontsize=8)
    for kind, color in KINDS.items():
        ax.barh(0, 0, color=color, alpha=0.75, label=f"mistake of {kind}")
    ax.set_yticks(range(len(found)), [cost.fault for cost in found], fontsize=8)
    ax.invert_yaxis()
    ax.axvline(0, color="black", linewidth=0.8)
    ax.grid(axis="y", visible=False)
    ax.set(xlim=(-82, 24), xlabel="change of the reported accuracy on CIFAR-10, in points")
    ax.legend(fontsize=9, loc="lower left")
    listed = "; ".join(
        f"{cost.fault} {signed(100 * (cost.faulty - cost.healthy))}" for cost in found
    )
    figure.set_label(f"How each fault changes the reported accuracy, in points: {listed}.")
    return figure


def recorded_facts(record: Mapping[str, Any]) -> dict[str, float]:
    """The numbers behind the lesson's sentences on its record."""
    change = {cost.fault: cost.faulty - cost.healthy for cost in costs(record)}
    faulty = {cost.fault: cost.faulty for cost in costs(record)}
    leaks = [m for name, m in record["calibration"].items() if name.startswith("leak")]
    augmented = [m for name, m in record["calibration"].items() if name.startswith("norm")]

    def of(networks: list[Mapping[str, float]], key: str) -> float:
        return sum(measured[key] for measured in networks) / len(networks)

    evaluation = "evaluation in training mode"
    return {
        "recorded_zero_grad": faulty["forgotten zero_grad"],
        "recorded_labels": faulty["labels shuffled against images"],
        "recorded_mirror": faulty["mirror that changes labels (animal left or right)"],
        "recorded_softmax": change["softmax before cross-entropy"],
        "recorded_half_dead": change["half of the ReLUs dead in each convolution"],
        "recorded_rate": change["learning rate ten times too high"],
        "recorded_raw_throughout": change["raw bytes throughout"],
        "recorded_eval_32": change[f"{evaluation}, batches of 32"],
        "recorded_eval_4": change[f"{evaluation}, batches of 4"],
        "recorded_eval_sorted": change[f"{evaluation}, of 32, sorted by class"],
        "recorded_bgr": change["fed BGR"],
        "recorded_augmented_test": change["test images augmented too (source)"],
        "recorded_trained_on_test": change["trained on the test images (source)"],
        "recorded_duplicates": change["three test images in ten among the training images"],
        "recorded_best_on_100": change["best of 50 chosen on 100 test images"],
        "recorded_best_on_1000": change["best of 50 chosen on 1,000 test images"],
        "recorded_plain_temperature": of(leaks, "temperature"),
        "recorded_plain_ece": of(leaks, "ece_before"),
        "recorded_augmented_ece": of(augmented, "ece_before"),
    }
