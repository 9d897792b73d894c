"""What lesson 06 says of its records on CIFAR-10: differences with intervals, and plots."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from course_utils.intervals import interval, paired
from course_utils.plotting import COLORS

Arm = Mapping[str, Any]
SOURCE_ACCURACY = 0.876  # what the source tutorial reports for its ResNet
STYLES = ("o-", "s--", "D-.", "^:")


def by_seed(arm: Arm, values: Sequence[float]) -> dict[int, float]:
    """One value for each of the arm's seeds."""
    return dict(zip(arm["seed"], values, strict=True))


def common(first: Mapping[int, float], second: Mapping[int, float]) -> tuple[list, list]:
    """The values of two arms for the seeds that both have, in the same order."""
    seeds = [seed for seed in first if seed in second]
    return [first[seed] for seed in seeds], [second[seed] for seed in seeds]


def sentence(
    name: str, first: Sequence[float], second: Sequence[float], *, points: bool = False
) -> str:
    """ "name: +3.8 points, 95 % interval 1.6 to 6.0, 5 seeds": first - second, paired by seed."""
    scale, digits, unit = (100, 1, " points") if points else (1, 2, "")
    mean, low, high = (scale * value for value in paired(first, second))
    said = f"{name}: {mean:+.{digits}f}{unit}"
    if len(first) == 1:
        return f"{said}, 1 seed, so no interval"
    return f"{said}, 95 % interval {low:.{digits}f} to {high:.{digits}f}, {len(first)} seeds"


def depth_arm(record: Mapping[str, Any], depth: int, skip: str) -> Arm:
    """The arm of that depth and skip in the record of depths."""
    (arm,) = [a for a in record["arms"] if (a["depth"], a["skip"]) == (depth, skip)]
    return arm


def last_losses(arm: Arm) -> dict[int, float]:
    """The mean training loss of the last epoch, for each seed."""
    return by_seed(arm, [losses[-1] for losses in arm["train_loss"]])


def depth_pairs(record: Mapping[str, Any]) -> dict[str, tuple[list, list, bool]]:
    """Comparisons in the record of depths: (first, second, in points), paired by seed."""

    def losses(depth: int, skip: str) -> dict[int, float]:
        return last_losses(depth_arm(record, depth, skip))

    def tests(depth: int, skip: str) -> dict[int, float]:
        arm = depth_arm(record, depth, skip)
        return by_seed(arm, arm["test_accuracy"])

    plain, skips = "none", "identity"
    return {
        "training loss, plain, 50 minus 20": (*common(losses(50, plain), losses(20, plain)), False),
        "training loss, identity, 50 minus 20": (
            *common(losses(50, skips), losses(20, skips)),
            False,
        ),
        "training loss, depth 8, identity minus plain": (
            *common(losses(8, skips), losses(8, plain)),
            False,
        ),
        "training loss, depth 20, identity minus plain": (
            *common(losses(20, skips), losses(20, plain)),
            False,
        ),
        **{
            f"test accuracy, {name}, {deep} minus {shallow}": (
                *common(tests(deep, skip), tests(shallow, skip)),
                True,
            )
            for name, skip in (("identity", skips), ("plain", plain))
            for deep, shallow in ((20, 8), (50, 20))
        },
    }


def comparison_pairs(record: Mapping[str, Any]) -> dict[str, tuple[list, list, bool]]:
    """Comparisons of test accuracy in the record of four networks: (first, second, in points)."""
    epochs, work = record["epochs"], record["multiply_adds"]
    tests = {name: by_seed(arm, arm["test_accuracy"]) for name, arm in epochs.items()}
    cheap = by_seed(work["source's ResNet"], work["source's ResNet"]["test_accuracy"])
    cnn, cnn_bn = tests["source's CNN"], tests["source's CNN + BN"]
    resnet, small = tests["source's ResNet"], tests["ResNet-20"]
    return {
        "BatchNorm in the CNN": (*common(cnn_bn, cnn), True),
        "its ResNet over its CNN": (*common(resnet, cnn), True),
        "its ResNet over its CNN with BatchNorm": (*common(resnet, cnn_bn), True),
        "the same, at equal multiply-adds": (*common(cheap, cnn_bn), True),
        "ResNet-20 over the CNN": (*common(small, cnn), True),
    }


def overfitting(record: Mapping[str, Any]) -> dict[str, dict[int, float]]:
    """Training accuracy minus validation accuracy at the end, by network and seed."""
    return {
        name: by_seed(
            arm, [a - b for a, b in zip(arm["train_accuracy"], arm["val_accuracy"], strict=True)]
        )
        for name, arm in record["epochs"].items()
    }


def recipe_pairs(record: Mapping[str, Any]) -> dict[str, tuple[list, list, bool]]:
    """Comparisons in the record of the source's two recipes, as far as all seeds go."""
    cnn = record["networks"]["source's CNN"]
    done = max(by_epoch(record, "source"))
    first, source = (by_epoch(record, way)[done] for way in ("proper", "source"))
    long = [curve[29] for curve in cnn["test_accuracy"]["proper"]]
    # every fifth epoch up to the 30th, which all seeds have
    augmented = [sum(values[:6]) / 6 for values in cnn["test_accuracy"]["augmented"]]
    proper = [sum(curve[4:30:5]) / 6 for curve in cnn["test_accuracy"]["proper"]]
    return {
        f"its ResNet after {done} epochs, over its CNN after 30": (first, long, True),
        f"its ResNet after {done} epochs, as the source measured minus properly": (
            source,
            first,
            True,
        ),
        "its CNN on augmented test images, mean over epochs 5 to 30": (augmented, proper, True),
    }


def by_epoch(record: Mapping[str, Any], way: str) -> dict[int, list[float]]:
    """Test accuracies of the source's ResNet at every fifth epoch that all seeds have."""
    network = record["networks"]["source's ResNet"]
    curves = network["test_accuracy"][way]
    step = 5 if way == "proper" else 1  # the others have only every fifth
    done = min(network["epochs_done"]) // 5
    return {5 * n: [curve[step * n - 1] for curve in curves] for n in range(1, done + 1)}


def say_ways(record: Mapping[str, Any]) -> None:
    """Print what the source's ResNet reaches properly, in training mode, and as it measured."""
    print("epoch  evaluation mode  training mode  and augmented, as the source measured")
    ways = [by_epoch(record, way) for way in ("proper", "training_mode", "source")]
    for epoch in ways[0]:
        proper, training, source = (fmean(way[epoch]) for way in ways)
        print(f"{epoch:>5}  {proper:>15.1%}  {training:>13.1%}  {source:>7.1%}")


def standard_arm(record: Mapping[str, Any], skip: str) -> Arm:
    """ResNet-20 or its plain twin, by the standard recipe."""
    (arm,) = [arm for arm in record["arms"] if arm["skip"] == skip]
    return arm


def say_standard(record: Mapping[str, Any]) -> None:
    """Print what ResNet-20 reaches by the standard recipe, and what its skips bring."""
    arm, plain = (standard_arm(record, skip) for skip in ("identity", "none"))
    mean, low, high = interval(arm["test_accuracy"])
    print(
        f"ResNet-20 on CIFAR-10, {arm['epochs']} epochs, {len(arm['seed'])} seeds: {mean:.1%}, "
        f"95 % interval {low:.1%} to {high:.1%}"
    )
    pair = common(*(by_seed(a, a["test_accuracy"]) for a in (arm, plain)))
    print(sentence("over its plain twin", *pair, points=True))


def say(pairs: Mapping[str, tuple[list, list, bool]]) -> None:
    """Print a sentence for each comparison."""
    for name, (first, second, points) in pairs.items():
        print(sentence(name, first, second, points=points))


def recorded_facts(depths: Arm, comparison: Arm, recipe: Arm, standard: Arm) -> dict[str, float]:
    """What the lesson's sentences about the four records rest on, by the name of their claim."""
    pairs = {**depth_pairs(depths), **comparison_pairs(comparison), **recipe_pairs(recipe)}
    plain, skips, eight, twenty, *compared = (paired(a, b)[0] for a, b, _ in pairs.values())
    names = ("accuracy_20_over_8", "accuracy_50_over_20")
    names += ("plain_accuracy_20_over_8", "plain_accuracy_50_over_20")
    names += ("batch_norm_in_cnn", "resnet_over_cnn", "resnet_over_cnn_bn", "equal_work")
    names += ("resnet_20_over_cnn", "resnet_over_cnn_30", "source_way", "augmented_test")
    facts = dict(zip(names, compared, strict=True))
    gaps = overfitting(comparison)
    cnn = recipe["networks"]["source's CNN"]["test_accuracy"]["proper"]
    tuned, printed = tuning_pair(comparison, recipe)
    loss_20 = {
        skip: fmean(last_losses(depth_arm(depths, 20, skip)).values())
        for skip in ("none", "identity")
    }
    best, twin = (
        fmean(standard_arm(standard, skip)["test_accuracy"]) for skip in ("identity", "none")
    )
    *_, as_source = by_epoch(recipe, "source").values()
    *_, proper = by_epoch(recipe, "proper").values()
    facts |= {
        "resnet_20": best,
        "resnet_20_over_twin": best - twin,
        "resnet_proper": fmean(proper),
        "resnet_as_source": fmean(as_source),
        "plain_50_over_20": 1 + plain / loss_20["none"],
        "identity_50_over_20": 1 + skips / loss_20["identity"],
        "depth_8_identity": eight,
        "depth_20_identity": twenty,
        "gap_resnet_minus_cnn": paired(*common(gaps["source's ResNet"], gaps["source's CNN"]))[0],
        "cnn_best": max(max(curve) for curve in cnn),
        "tuning": paired(tuned, printed)[0],
    }
    return {f"recorded_{name}": value for name, value in facts.items()}


def tuning_pair(comparison: Arm, recipe: Arm) -> tuple[list, list]:
    """The source's CNN with a searched rate and schedule, and by its own recipe (30 epochs)."""
    tuned = comparison["epochs"]["source's CNN"]["test_accuracy"]
    curves = recipe["networks"]["source's CNN"]["test_accuracy"]["proper"]
    return list(tuned), [curve[29] for curve in curves]


def plot_depth(record: Mapping[str, Any]) -> Figure:
    """Training loss by epoch for each recorded depth, without skips and with; means over seeds."""
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.1), sharey=True)
    for ax, skip in zip(axes, ("none", "identity"), strict=True):
        arms = sorted((a for a in record["arms"] if a["skip"] == skip), key=lambda a: a["depth"])
        for arm, style, color in zip(arms, STYLES, COLORS, strict=False):
            curve = [sum(losses) / len(losses) for losses in zip(*arm["train_loss"], strict=True)]
            label = f"{arm['depth']} layers, {len(arm['seed'])} seed{'s' * (len(arm['seed']) > 1)}"
            epochs = range(1, len(curve) + 1)
            ax.plot(epochs, curve, style, color=color, markersize=3, label=label)
        title = "plain" if skip == "none" else "with skip connections"
        ax.set(xlabel="epoch", title=title, ylim=(0, 2.4))
        ax.legend(fontsize=8)
    axes[0].set_ylabel("training loss")
    figure.suptitle("recorded: CIFAR-10, BatchNorm in all networks", fontsize=10)
    ends = {
        (a["depth"], a["skip"]): interval(list(last_losses(a).values()))[0] for a in record["arms"]
    }
    plain, skips = (
        ", ".join(
            f"{depth} layers {loss:.2f}" for (depth, s), loss in sorted(ends.items()) if s == k
        )
        for k in ("none", "identity")
    )
    figure.set_label(
        f"Recorded training loss by epoch, two panels. It ends, plain, at: {plain}; with skip "
        f"connections at: {skips}."
    )
    return figure


def plot_differences(pairs: Mapping[str, tuple[list, list, bool]]) -> Figure:
    """Differences in points with their 95 % intervals, one line each, and 0 marked."""
    figure, ax = plt.subplots(figsize=(7.5, 0.5 * len(pairs) + 0.9))
    told = []
    for row, (name, (first, second, _)) in enumerate(pairs.items()):
        mean, low, high = (100 * value for value in paired(first, second))
        if math.isfinite(low):
            ax.plot([low, high], [row, row], color=COLORS[0], lw=2.5)
        ax.plot(mean, row, "o", color=COLORS[0])
        told.append(f"{name} {mean:+.1f}")
    ax.axvline(0, color="black", lw=0.8)
    ax.set(xlabel="difference in points, 95 % interval", yticks=range(len(pairs)))
    ax.set_yticklabels(list(pairs))
    ax.set_ylim(len(pairs) - 0.5, -0.5)
    figure.set_label(
        f"Differences in test accuracy with their intervals: {', '.join(told)} points."
    )
    return figure


def plot_recipe(record: Mapping[str, Any]) -> Figure:
    """Test accuracy by epoch of the source's two recipes, each seed a line, and its 0.876."""
    figure, ax = plt.subplots(figsize=(7, 3.3))
    for (name, network), color, style in zip(
        record["networks"].items(), COLORS, ("-", "o-"), strict=False
    ):
        for number, curve in enumerate(network["test_accuracy"]["proper"]):
            label = name if number == 0 else None
            epochs = range(1, len(curve) + 1)
            ax.plot(epochs, curve, style, color=color, lw=1, markersize=3, label=label)
    ax.axhline(SOURCE_ACCURACY, color="black", ls=":", label=f"reported: {SOURCE_ACCURACY}")
    ax.set(xlabel="epoch", ylabel="test accuracy", ylim=(0.4, 1))
    ax.set_title("recorded: CIFAR-10, the source's two recipes, one line a seed", fontsize=10)
    ax.legend(fontsize=8, loc="lower right")
    done = {name: max(network["epochs_done"]) for name, network in record["networks"].items()}
    listed = ", ".join(f"{name} up to epoch {epoch}" for name, epoch in done.items())
    figure.set_label(
        f"Test accuracy by epoch: {listed}; a dotted line at the reported {SOURCE_ACCURACY}."
    )
    return figure
