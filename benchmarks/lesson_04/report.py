"""Sections of RESULTS.md: lesson 04."""

from benchmarks.tables import gain, over_seeds, percent, recorded, table, with_error


def sections() -> list[str]:
    return [backbone(), *attempt(), transfer(), *details(), from_scratch(), imagenet()]


def backbone() -> str:
    found, _ = recorded("vgg_mini", "history")
    history, images = found["history"], found["val_images"]
    shown = sorted({0, *range(2, found["epochs"], 3), found["epochs"] - 1})
    rows = [
        [str(i + 1), *(percent(history[f"{part}_accuracy"][i]) for part in ("train", "val"))]
        for i in shown
    ]
    settings = (
        f"{found['parameters']:,} parameters, {found['train_images']:,} images, {found['epochs']} "
        f"epochs of {found['optimizer']}, batch {found['batch_size']}, rate up to "
        f"{found['peak_rate']} ({found['schedule']}), weight decay {found['weight_decay']}, label "
        f"smoothing {found['label_smoothing']}, {found['augmentation']}."
    )
    kinds = {
        "as they are": (found["sharpness_val"], found["shipped_val_accuracy"]),
        "blurred, as sharp as training images": (
            found["sharpness_train"],
            found["shipped_val_accuracy_blurred"],
        ),
    }
    shipped = [
        [name, f"{sharpness:.3f}", with_error(value, images)]
        for name, (sharpness, value) in kinds.items()
    ]
    parts = [
        "## The backbone of lesson 04: 200 classes of Tiny ImageNet\n",
        settings + "\n",
        table(["epoch", "training (augmented images)", "validation"], rows),
        f"The file that is shipped (float16), on {images:,} validation images, which were scaled "
        "down by a sharper filter than the training images; sharpness is the mean difference of "
        "neighbouring pixels, in deviations:\n",
        table(["validation images", "sharpness", "accuracy"], shipped),
    ]
    return "\n".join(parts)


def transfer() -> str:
    found, title = recorded("04_transfer_learning.{dataset}", "arms")
    names = {
        "scratch": "from scratch",
        "probe": "linear probe",
        "probe_fixed": "linear probe, one weight decay",
        "fine_tuning": "fine-tuning",
        "random": "probe, random",
    }
    labels, arms = [str(number) for number in found["labels_per_class"]], found["arms"]
    rows = [[title, *(over_seeds(arms[arm][n]) for n in labels)] for arm, title in names.items()]
    everything = found["probe_all"]
    on_all = with_error(everything["test_accuracy"], found["test_images"])
    parts = [
        f"## Lesson 04: transfer to {title}, by labels of each class\n",
        f"Backbone: {found['backbone']}. {found['optimizer']}, batches of {found['batch_size']}, "
        f"{steps(found['steps']['scratch'])} steps from scratch, "
        f"{steps(found['steps']['fine_tuning'])} in fine-tuning, {found['augmentation']}; selection: "
        "the probe's weight decay, on validation images; test images once a classifier. Means over "
        f"{found['seeds']} seeds; ± is the standard deviation over seeds.\n",
        table(["", *labels], rows),
        f"Linear probe on all {everything['train_images']:,} images: {on_all}. One seed each: from "
        f"scratch with twice the steps, 50 labels {percent(arms['scratch_longer']['50'][0])}; "
        "fine-tuning without augmentation, 500 labels "
        f"{percent(arms['fine_tuning_plain']['500'][0])}.\n",
        *transfer_mistakes(found["scaling"], found["leak"]),
    ]
    return "\n".join(parts)


def steps(by_labels: dict[str, int]) -> str:
    """From the fewest labels of each class to the most."""
    return f"{min(by_labels.values())} to {max(by_labels.values())}"


def transfer_mistakes(scaling: dict, leak: dict) -> list[str]:
    ways = ("throughout", "only later")
    names = ("the weights' own", "CIFAR-10's", "none, 0 to 1", "raw bytes")
    scaled = [[name, *(over_seeds(scaling[way][name]) for way in ways)] for name in names]
    trained = {"honest": "training images", "leaked": "those test images themselves"}
    leaks = [
        [title, percent(leak[name]["asked"]), percent(leak[name]["fresh"])]
        for name, title in trained.items()
    ]
    return [
        f"The probe with {scaling['labels_per_class']} labels of each class, images scaled "
        "otherwise:\n",
        table(["scaled by", *ways], scaled),
        f"The whole network, {leak['epochs']} epochs on {leak['images']:,} images:\n",
        table(
            [
                "trained on",
                f"accuracy on {leak['images']:,} test images",
                "on the other test images",
            ],
            leaks,
        ),
    ]


def attempt() -> list[str]:
    """What learning on without smoothed labels brought; nothing until it is recorded."""
    found, title = recorded("04_transfer_learning.{dataset}", "arms")
    if "attempt" not in found:
        return []
    found = found["attempt"]
    rows = []
    for number in sorted(found["shipped"], key=int):
        before = found["shipped"][number]
        after = found["learned_on"][number]
        rows.append([number, over_seeds(before), over_seeds(after), gain(after, before)])
    text = (
        f"One attempt to better it, nothing selected: {found['epochs']} more epochs on the same "
        f"{found['train_images']:,} images from the shipped weights, rate up to "
        f"{found['peak_rate']:g}, label smoothing {found['label_smoothing']:g}, "
        f"{found['augmentation']}. Probes on {title}, {found['seeds']} seeds, ± is the standard "
        "deviation over them, in brackets the 95 % t-interval of the paired difference:\n"
    )
    return [text + "\n" + table(["labels", "shipped", "learned on", "difference"], rows)]


def details() -> list[str]:
    """Three details of training; nothing until all are recorded."""
    found, title = recorded("04_transfer_learning.{dataset}", "arms")
    if not {"rates", "dropout", "frozen"} <= set(found):
        return []
    rates = found["rates"]
    dropout = found["dropout"]
    frozen = found["frozen"]
    usual = rates["each"]
    lr = rates["lr_of_each"]
    changed = {f"one rate, {rate}": rates["one"][rate] for rate in sorted(rates["one"], key=float)}
    changed[f"the two rates, dropout {dropout['p']:g} in front of the head"] = dropout["on"]
    title_of_usual = f"{lr['backbone']:g} for the backbone, {lr['head']:g} for the head"
    rows = [[title_of_usual, over_seeds(usual), ""]]
    rows += [[name, over_seeds(values), gain(values, usual)] for name, values in changed.items()]
    still = frozen["learned_in"]["evaluation"]["evaluation"]
    modes = [["evaluation", "evaluation", over_seeds(still), ""]]
    for mode, values in sorted(frozen["learned_in"]["training"].items()):
        modes.append(["training", mode, over_seeds(values), gain(values, still)])
    parts = [
        f"## Lesson 04: rates, dropout and the mode of a frozen backbone on {title}\n",
        f"Fine-tuning as above with {rates['labels_per_class']} labels of each class, "
        f"{rates['steps']} steps of {found['batch_size']} images, {found['optimizer']}, "
        f"{found['augmentation']}, {found['precision']}; {rates['seeds']} seeds, nothing selected. "
        "± is the standard deviation over seeds; differences are from the first row, paired, with "
        "their 95 % t-intervals.\n",
        table(["fine-tuned with", "test accuracy", "difference"], rows),
        f"A fresh head learns alone on the frozen backbone, at a rate of {frozen['head_lr']:g}, "
        "the rest as above. For a test in training mode the images come mixed, in batches of "
        f"{found['batch_size']}:\n",
        table(["learned in mode", "tested in mode", "test accuracy", "difference"], modes),
    ]
    return ["\n".join(parts)]


def from_scratch() -> str:
    found, title = recorded("04_transfer_learning.{dataset}-gpu-scratch", "by_labels")
    rows = []
    for labels, by_steps in found["by_labels"].items():
        steps = by_steps["chosen_steps"]
        cells = [f"{steps:,}", over_seeds(by_steps["steps"][str(steps)]["test_accuracy"])]
        longer = f"{100 * by_steps['gain_of_twice_the_steps']:+.1f} points"
        rows.append([labels, f"{by_steps['lr']:g}", *cells, longer])
    return "\n".join(
        [
            f"## Lesson 04: from scratch to the plateau on {title}, by labels of each class\n",
            f"{found['network'].capitalize()}; {found['optimizer']}, batches of "
            f"{found['batch_size']}, {found['augmentation']}; chosen: {found['selection']}. "
            f"{len(found['seeds'])} seeds, ± is the standard deviation over them. Device: "
            f"{found['device']}, {found['precision']}: not to be mixed with the table above.\n",
            table(
                ["labels", "rate", "steps", "test accuracy", "what doubling the steps gained"], rows
            ),
        ]
    )


def imagenet() -> str:
    found, title = recorded("04_transfer_learning.{dataset}-imagenet", "sizes")
    rows = []
    for size in sorted(found["sizes"], key=int):
        of_size = found["sizes"][size]
        cells = [over_seeds(of_size["test_accuracy"][str(n)]) for n in found["labels_per_class"]]
        rows.append([size, f"{of_size['multiply_adds'] / 1e6:.0f} M", *cells])
    labels = [f"{number} labels" for number in found["labels_per_class"]]
    return "\n".join(
        [
            f"## Lesson 04: real ImageNet weights on {title}, by size of the enlarged picture\n",
            f"Linear probes on {found['network']}, {found['seeds']} seeds, "
            f"{found['test_images']:,} test images; weight decay chosen on "
            f"{found['val_images']:,} validation images.\n",
            table(["pixels", "multiply-adds", *labels], rows),
        ]
    )
