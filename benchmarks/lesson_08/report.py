"""Section of RESULTS.md: lesson 08."""

from statistics import fmean

from benchmarks.lesson_08 import operations
from benchmarks.lesson_08.ladder import CHANGES
from benchmarks.tables import over_seeds, percent, recorded, table


def sections() -> list[str]:
    found, title = recorded("08_fast_training.{dataset}", "costs", "share")
    return [*operations.sections(), times(found, title), least()]


def times(found: dict, title: str) -> str:
    parts = [
        f"## Lesson 08: the time of an image in training on {title}\n",
        "Time and operations of an image, over those in the source's training (two cores, timed in "
        "turn, medians); each change keeps those before it:\n",
        costs(found["costs"]),
        "Operations a second, as a share of those of a matrix product, and where a step's time "
        "goes:\n",
        share(found["share"]["trainings"]),
        "One convolution alone, forward: "
        + ", ".join(
            f"{percent(value)} of the {kind} product"
            for kind, value in found["share"]["convolution"].items()
        )
        + ".\n",
    ]
    return "\n".join(parts)


def costs(found: dict[str, dict]) -> str:
    rows = [
        [about, f"{found[name]['time']:.3f}", f"{found[name]['flops']:.3f}"]
        for name, about, _ in CHANGES
    ]
    return table(["change", "time", "operations"], rows)


def least() -> str:
    """The least time to the accuracy that the source reports."""
    found, title = recorded("08_fast_training.{dataset}-least", "search", "least")
    timed, searched = found["least"], found["search"]
    tried = ", ".join(f"{n} {percent(a)}" for n, a in searched["val_accuracy"].items())
    costs = timed["cost"]
    return (
        f"## Lesson 08: the least time to {timed['wanted']:.1%} on {title}\n\n"
        f"The course's fast recipe in {timed['precision']}, {timed['train_images']:,} training "
        f"images, {timed['epochs']:g} epochs: the fewest clear of the goal on validation images "
        f"({searched['train_images']:,} training images, one seed; epochs and accuracy: {tried}). "
        f"Test accuracy {over_seeds(timed['test_accuracy'])} over {len(timed['seed'])} seeds, in "
        f"1/{1 / fmean(costs):.0f} of the time of the source's 30 epochs (1/{1 / max(costs):.0f} to "
        f"1/{1 / min(costs):.0f}), which are timed by their step before and after each training.\n"
    )


def share(trainings: dict[str, dict]) -> str:
    first = next(iter(trainings.values()))
    speeds = [name for name in first if name != "profile"]
    rows = [[speed, *(percent(part[speed]) for part in trainings.values())] for speed in speeds]
    for group in first["profile"]:
        rows.append(
            [f"time in: {group}", *(percent(part["profile"][group]) for part in trainings.values())]
        )
    return table(["", *trainings], rows)
