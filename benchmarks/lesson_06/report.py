"""Sections of RESULTS.md: lesson 06."""

import torch

from benchmarks.tables import over_seeds, percent, points, recorded, table, with_deviation


def sections() -> list[str]:
    return [degradation(), resnet_comparison(), source_recipe()]


def degradation() -> str:
    found, title = recorded("06_resnet.{dataset}-degradation", "arms")
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
        f"{found['optimizer']}, each network at the best of its searched rates. Loss: training, "
        f"mean of the last {found['last']} steps, ± the standard deviation over "
        f"{len(found['seeds'])} seeds. Ratio: gradient at the first 3x3 convolution over that at "
        "the last, median over the seeds.\n\n"
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
        f"## Lesson 06: depth, skips and batch normalisation on {title}\n\n"
        + note
        + table(header, rows)
    )


def resnet_comparison() -> str:
    found, title = recorded("06_resnet.{dataset}-comparison", "epochs", "multiply_adds")
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
        f"{found['train_images']:,} images, crop and flip, {found['optimizer']}, batches of "
        f"{found['batch_size']}. ± is the standard deviation over seeds; gap: training minus "
        "validation accuracy in points, not augmented.\n\n"
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
    return f"## Lesson 06: four networks compared on {title}\n\n" + note + table(header, rows)


def source_recipe() -> str:
    found, title = recorded("06_resnet.{dataset}-recipe", "test_accuracy")
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
        "Test accuracy after each epoch, of the same network, evaluated in four ways: an "
        "experiment about evaluation. The source reports 0.876 after 30 epochs on the original "
        "images, evaluated as in the last column.\n\n"
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
        f"## Lesson 06: the source's ResNet by its own recipe on {title}\n\n"
        + note
        + table(header, rows)
    )
