"""Sections of RESULTS.md: lesson 08's goals in operations, and its ladder, trained on one GPU."""

from benchmarks.tables import over_seeds, percent, recorded, table


def sections() -> list[str]:
    found, _ = recorded("08_fast_training.cifar10-gpu")
    return [section(found)]


def section(found: dict) -> str:
    head = (
        f"{found['dataset']}, all {found['images']:,} training images, {found['precision']}, on one "
        f"{found['device']}; test images seen once, in evaluation mode. Chosen with "
        f"{found['selection']}. Operations are shares of the source's training, 30 epochs of its "
        "ResNet; ± is the standard deviation over seeds, where there are several."
    )
    searched = ", ".join(
        f"{len(choice['scores'])} for {choice['goal']}"
        for choice in found["chosen"]
        if "goal" in choice
    )
    return "\n".join(
        [
            "## Lesson 08: accuracy for a number of operations\n",
            head + "\n",
            goals(found["goals"]),
            f"Recipes that were tried on validation images: {searched}. Mirrored: logits of the "
            "mirror image averaged in.\n",
            "The ladder, each rung one change that keeps those before it:\n",
            rungs(found["rungs"]),
            "Controls beside it:\n",
            rungs(found["controls"]),
        ]
    )


def seeds_of(accuracies: dict[str, float]) -> list[float]:
    return [accuracies[seed] for seed in sorted(accuracies)]


def goals(found: dict[str, dict]) -> str:
    rows = []
    for name, goal in sorted(found.items(), key=lambda item: float(item[0])):
        for recipe, arm in goal["reached"].items():
            plain = seeds_of(arm["test_accuracy"])
            mirrored = seeds_of(arm["test_accuracy_mirrored"])
            met = "met" if sum(plain) / len(plain) >= goal["wanted"] else "missed"
            rows.append(
                [
                    f"{arm['operations']:.3f} of {name}",
                    recipe,
                    f"{arm['epochs']:g}",
                    over_seeds(plain),
                    over_seeds(mirrored),
                    f"{percent(goal['wanted'])}: {met}",
                ]
            )
    return table(["operations", "recipe", "epochs", "test", "mirrored", "goal"], rows)


def rungs(arms: list[dict]) -> str:
    rows = [
        [
            arm["name"],
            f"{arm['operations']:.3f}",
            over_seeds(seeds_of(arm["test_accuracy"])),
            str(len(arm["test_accuracy"])),
        ]
        for arm in arms
    ]
    return table(["change", "operations", "test", "seeds"], rows)
