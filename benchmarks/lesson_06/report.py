"""Sections of RESULTS.md: lesson 06, from the records that one GPU made (`benchmarks.gpu`)."""

import torch

from benchmarks.tables import gain, over_seeds, points, recorded, table, with_deviation
from course_utils.lessons.lesson_06.records import by_epoch


def sections() -> list[str]:
    return [standard(), depth(), comparison(), recipe()]


def settings(found: dict) -> str:
    return (
        f"{found['images']:,} training images, {found['augmentation']}, {found['optimizer']}, "
        f"batches of {found['batch_size']}, {found['precision']}; selection: "
        f"{found['selection']}. {found['device']}."
    )


def standard() -> str:
    found, title = recorded("06_resnet.{dataset}-gpu-standard", "arms")
    arms = {arm["skip"]: arm for arm in found["arms"]}
    rows = [
        [skip, str(arm["epochs"]), f"{arm['lr']:g}", over_seeds(arm["test_accuracy"])]
        for skip, arm in arms.items()
    ]
    pair = [arms[skip]["test_accuracy"] for skip in ("identity", "none")]
    return (
        f"## Lesson 06: ResNet-20 by the usual recipe on {title}\n\n{settings(found)} "
        f"± is the standard deviation over {len(arms['identity']['seed'])} seeds; identity over "
        f"none {gain(*pair)}.\n\n" + table(["skip", "epochs", "rate", "test accuracy"], rows)
    )


def depth() -> str:
    found, title = recorded("06_resnet.{dataset}-gpu-depth", "arms")
    rows = [
        [
            str(arm["depth"]),
            arm["skip"],
            f"{arm['lr']:g} of {', '.join(arm['search_val_accuracy'])}",
            with_deviation(torch.tensor([losses[-1] for losses in arm["train_loss"]]), 3),
            over_seeds(arm["test_accuracy"]),
            ", ".join(f"{ratio:.0f}" for ratio in arm["ratio_start"]),
        ]
        for arm in found["arms"]
    ]
    header = ["depth", "skip", "rate", "training loss", "test accuracy", "ratio before"]
    return (
        f"## Lesson 06: depth and skips on {title}\n\n{settings(found)} {found['epochs']} epochs, "
        f"BatchNorm in all networks, the rate after {found['search_epochs']} epochs. Loss: the "
        "mean of the last epoch; ± is the standard deviation over the seeds. Ratio: gradient at "
        "the first 3x3 convolution over that at the last, for each seed.\n\n" + table(header, rows)
    )


def comparison() -> str:
    found, title = recorded("06_resnet.{dataset}-gpu-comparison", "epochs", "multiply_adds")
    rows = []
    for plan in ("epochs", "multiply_adds"):
        for name, measured in found[plan].items():
            network = found["networks"][name]
            gap = torch.tensor(measured["train_accuracy"]) - torch.tensor(measured["val_accuracy"])
            rows.append(
                [
                    plan.replace("_", "-"),
                    name,
                    f"{network['parameters'] / 1e6:.2f} M",
                    f"{network['multiply_adds'] / 1e6:.1f} M",
                    str(measured["epochs"]),
                    f"{network['lr']:g}",
                    over_seeds(measured["test_accuracy"]),
                    points(gap),
                    str(len(gap)),
                ]
            )
    header = ["equal", "network", "parameters", "multiply-adds"]
    header += ["epochs", "rate", "test accuracy", "gap", "seeds"]
    return (
        f"## Lesson 06: four networks compared on {title}\n\n{settings(found)} ± is the standard "
        "deviation over seeds; gap: training minus validation accuracy in points, not "
        "augmented.\n\n" + table(header, rows)
    )


def recipe() -> str:
    found, title = recorded("06_resnet.{dataset}-gpu-recipe", "networks")
    ways = ("proper", "training_mode", "augmented", "source")
    curves = {way: by_epoch(found, way) for way in ways}
    rows = [
        [str(epoch), *(over_seeds(curves[way][epoch]) for way in ways)]
        for epoch in curves["proper"]
    ]
    network = found["networks"]["source's ResNet"]
    done = ", ".join(map(str, network["epochs_done"]))
    cnn = found["networks"]["source's CNN"]["test_accuracy"]["proper"]
    thirty = over_seeds([curve[29] for curve in cnn])
    header = ["epoch", "test", "in training mode", "augmented", "both, as the source"]
    return (
        f"## Lesson 06: the source's ResNet by its own recipe on {title}\n\n{found['images']:,} "
        f"images, batches of {found['batch_size']}, {found['optimizer']} of "
        f"{network['learning_rate']:g}, {found['precision']}, {found['device']}. Of its 30 epochs "
        f"{done} were run, by seed. Test accuracy of the same networks in four ways, an "
        "experiment about evaluation; the source reports 0.876 after 30 epochs, measured as in "
        f"the last column. Its CNN, by its own recipe, has {thirty} after 30 epochs. ± is the "
        "standard deviation over seeds.\n\n" + table(header, rows)
    )
