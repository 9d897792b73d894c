"""Sections of RESULTS.md: lessons 05 and 06."""

import torch
from tables import largest_rate, over_seeds, percent, points, table, with_deviation

from course_utils.results import load_recorded


def batch_normalization() -> str:
    found = load_recorded("05_batch_normalization.cifar10-jpeg")
    norms = (
        "no normalisation",
        "group normalisation",
        "batch normalisation",
        "batch normalisation, recomputed",
    )
    parts = {"small_groups": "32 images, normalised in groups", "small_batches": "few images"}
    rows = [
        [title, norm, *(over_seeds(list(column)) for column in zip(*found[key][norm], strict=True))]
        for key, title in parts.items()
        for norm in norms
    ]
    sizes = [f"{size}" for size in found["small_groups"]["sizes"]]
    order = ("evaluation mode", *(f"batch {size}" for size in (1, 2, 4, 32)), "sorted, 32")
    forgotten = [
        [name, *(over_seeds(found["forgotten"][name][k]) for k in ("shown", "afterwards"))]
        for name in order
    ]
    again = over_seeds(found["forgotten"]["recomputed"]["shown"])
    forgotten.append(["evaluation mode, statistics recomputed on training images", again, ""])
    sweeps = []
    for part in ("rates", "depth"):
        for kind, swept in found[part].items():
            if isinstance(swept, dict):
                losses = torch.tensor(swept["losses"])
                best = losses.mean(dim=0).argmin()
                end = with_deviation(losses[:, best])
                largest = largest_rate(losses, found[part]["rates"], found[part]["chance"])
                sweeps.append(
                    [{"rates": "six convolutions", "depth": "twenty"}[part], kind, largest, end]
                )
    title = "## Lesson 05: batch normalization on CIFAR-10 (JPEG)\n\n"
    note = f"Here ± is the standard deviation over {len(found['seeds'])} seeds; accuracies are on validation images.\n\n"
    header = [
        "layers",
        "network",
        "largest rate that trains in all seeds",
        "loss at the end, best rate",
    ]
    header_small = ["each step has", "network", *sizes]
    header_forgotten = [
        "forgotten `eval()`, test images",
        "accuracy shown",
        "in evaluation mode afterwards",
    ]
    tables = (table(header, sweeps), table(header_small, rows), table(header_forgotten, forgotten))
    return title + note + "\n".join(tables)


def degradation() -> str:
    found = load_recorded("06_resnet.cifar10-jpeg-degradation")
    rows = []
    for arm in found["arms"].values():
        ratios = [
            torch.tensor(arm[key], dtype=torch.float64) for key in ("ratio_start", "ratio_end")
        ]
        rows.append(
            [
                str(arm["depth"]),
                "yes" if arm["batch_norm"] else "no",
                arm["skip"],
                f"{arm['rate']:g}",
                with_deviation(torch.tensor(arm["loss"]), 3),
                *(f"{ratio.median():.0e}" for ratio in ratios),
            ]
        )
    note = (
        f"Images of {found['image_size']} pixels, {found['steps']} steps of {found['batch_size']}, "
        f"{found['optimizer']}, each network at the best of its searched rates. Loss: training, mean of the last "
        f"{found['last']} steps, ± the standard deviation over {len(found['seeds'])} seeds. Ratio: gradient at the "
        "first 3x3 convolution over that at the last, median over the seeds.\n\n"
    )
    header = [
        "depth",
        "batch normalisation",
        "skip",
        "rate",
        "training loss",
        "ratio before",
        "ratio after",
    ]
    return (
        "## Lesson 06: depth, skips and batch normalisation on CIFAR-10 (JPEG)\n\n"
        + note
        + table(header, rows)
    )


def resnet_comparison() -> str:
    found = load_recorded("06_resnet.cifar10-jpeg-comparison")
    rows = []
    for plan in ("epochs", "multiply_adds"):
        for name, measured in found.get(plan, {}).items():
            network, test = found["networks"][name], torch.tensor(measured["test_accuracy"])
            gap = torch.tensor(measured["train_accuracy"]) - torch.tensor(measured["val_accuracy"])
            costs = [
                f"{network['parameters'] / 1e6:.2f} M",
                f"{network['multiply_adds'] / 1e6:.1f} M",
            ]
            settings = [str(measured["epochs"][0]), f"{network['rate']:g}"]
            results = [over_seeds(measured["test_accuracy"]), points(gap), str(len(test))]
            rows.append([plan.replace("_", "-"), name, *costs, *settings, *results])
    note = (
        f"{found['train_images']:,} images, crop and flip, {found['optimizer']}, batches of {found['batch_size']}. "
        "± is the standard deviation over seeds; gap: training minus validation accuracy in points, not augmented.\n\n"
    )
    header = [
        "equal",
        "network",
        "parameters",
        "multiply-adds",
        "epochs",
        "rate",
        "test accuracy",
        "gap",
        "seeds",
    ]
    return (
        "## Lesson 06: four networks compared on CIFAR-10 (JPEG)\n\n" + note + table(header, rows)
    )


def source_recipe() -> str:
    found = load_recorded("06_resnet.cifar10-jpeg-recipe")
    test = found["test_accuracy"]
    rows = []
    for i in range(found["epochs"]):
        draws = [percent(torch.tensor(test[way][i]).mean()) for way in ("augmented", "source")]
        plain = [percent(test[way][i]) for way in ("proper", "training_mode")]
        rows.append(
            [
                str(i + 1),
                f"{found['train_loss'][i]:.3f}",
                percent(found["val_accuracy"][i]),
                *plain,
                *draws,
            ]
        )
    note = (
        "Test accuracy after each epoch, of the same network, evaluated in four ways: an experiment about evaluation. "
        "The source reports 0.876 after 30 epochs on the original images, evaluated as in the last column.\n\n"
    )
    header = [
        "epoch",
        "training loss",
        "validation",
        "test",
        "in training mode",
        "augmented",
        "both, as the source",
    ]
    return (
        "## Lesson 06: the source's ResNet by its own recipe on CIFAR-10 (JPEG)\n\n"
        + note
        + table(header, rows)
    )
