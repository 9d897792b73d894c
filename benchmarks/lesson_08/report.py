"""Section of RESULTS.md: lesson 08."""

from statistics import fmean

from benchmarks.lesson_08 import operations
from benchmarks.tables import over_seeds, percent, recorded, table

ENTRIES = ("source", "share", "asides", "costs", "ladder")


def sections() -> list[str]:
    found, title = recorded("08_fast_training.{dataset}", *ENTRIES)
    return [section(found, title), *operations.sections(), least()]


def section(found: dict, title: str) -> str:
    trained = found["ladder"]
    parts = [
        f"## Lesson 08: cost and accuracy on {title}\n",
        "Each change keeps those before it, except for asides. Accuracies after "
        f"{trained['epochs']} epochs on {trained['images']:,} images, in {trained['precision']}; ± "
        f"is the standard deviation over {trained['seeds']} seeds. Time and operations are those "
        "of an image in training, over those in the source's training (all cores, timed in "
        "turn).\n",
        ladder(trained["rungs"], found["costs"]["images"]),
        asides(found["asides"]),
        f"As many epochs as a share of the source's cost pays for ({found['source']['epochs']} "
        "epochs of its recipe, timed over one), by the recipe that was best on validation images, "
        "trained on all training images (mirrored: test-time augmentation, logits of the mirror "
        "image averaged in):\n",
        targets({name: found[name] for name in ("fortieth", "eighth", "fifth") if name in found}),
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


def ladder(steps: list[dict], costs: dict[str, dict]) -> str:
    rows = []
    for number, step in enumerate(steps, start=1):
        change = f"{'aside: ' if step['aside'] else ''}{step['change']}"
        keys = ("val_accuracy", "test_accuracy")
        accuracies = (
            ["as before"] * 2 if step["only_speed"] else [over_seeds(step[key]) for key in keys]
        )
        cost = [f"{costs[step['name']][key]:.3f}" for key in ("time", "flops")]
        rows.append([str(number), change, *cost, *accuracies])
    return table(["", "change", "time", "operations", "validation", "test"], rows)


def asides(found: dict) -> str:
    return (
        f"What did harm above, in {found['epochs']:g} epochs on {found['train_images']:,} images, "
        "by the recipe that was best for a fortieth of the cost; on validation images: "
        + ", ".join(
            f"{label} {over_seeds(accuracies)}"
            for label, accuracies in found["val_accuracy"].items()
        )
        + ".\n"
    )


def targets(found: dict[str, dict]) -> str:
    rows = []
    for name, target in found.items():
        recipe = target["settings"]["recipe"]
        kind = f"{recipe['epochs']:g} epochs, widths {', '.join(map(str, recipe['widths']))}"
        kind += ", Muon" if recipe["muon_rate"] else ", SGD"
        kind += ", skips" if recipe.get("skips") else ""
        kind += f", average {recipe['average']:g}" if recipe["average"] else ""
        cost = f"{fmean(target['cost']):.4f}"
        cost += (
            f" ({min(target['cost']):.4f} to {max(target['cost']):.4f})"
            if len(target["cost"]) > 1
            else ""
        )
        accuracies = [
            over_seeds(target[key]) for key in ("test_accuracy", "test_accuracy_mirrored")
        ]
        seeds = str(len(target["test_accuracy"]))
        rows.append(
            [
                f"one {name}, {target['budget']:.4f}",
                kind,
                seeds,
                cost,
                f"{target['flops']:.4f}",
                *accuracies,
            ]
        )
    return table(
        ["budget", "recipe", "seeds", "time", "operations", "test", "test, mirrored"], rows
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
