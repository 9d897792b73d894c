"""Sections of RESULTS.md: lessons 00 to 04."""

import torch
from tables import over_seeds, percent, table, with_deviation, with_error

from course_utils.results import load_recorded


def lessons_on_cifar10() -> str:
    runs = {
        "00: linear classifier": load_recorded("00_training_loop.cifar10-jpeg"),
        "03: VGG-style CNN": load_recorded("03_vgg_cnn.cifar10-jpeg-10k"),
        "03: VGG-style CNN, all images": load_recorded("03_vgg_cnn.cifar10-jpeg-45k"),
    }
    rows = [
        [
            title,
            f"{run['train_images']:,}",
            str(run["epochs"]),
            percent(run["test_accuracy"], run["test_standard_error"]),
        ]
        for title, run in runs.items()
    ]
    header = ["lesson", "training images", "epochs", "test accuracy"]
    return "## Lessons 00 and 03 on CIFAR-10 (JPEG)\n\n" + table(header, rows)


def augmentation() -> str:
    rows = []
    for size in ("5k", "45k"):
        found = load_recorded(f"01_data_augmentation.cifar10-jpeg-{size}")
        for arm, measured in found["arms"].items():
            amounts = [f"{found['train_images']:,}", str(found["epochs"])]
            train = percent(torch.tensor(measured["train_accuracy"]).mean())
            rows.append(
                [arm.replace("_", " "), *amounts, train, over_seeds(measured["test_accuracy"])]
            )
    title = "## Lesson 01: augmentation on CIFAR-10 (JPEG)\n\n"
    note = f"Means over {found['seeds']} seeds; here ± is the standard deviation over seeds.\n\n"
    header = [
        "augmentation",
        "training images",
        "epochs",
        "training accuracy, not augmented",
        "test accuracy",
    ]
    return title + note + table(header, rows)


def normalization() -> str:
    found = load_recorded("02_normalization.cifar10-jpeg")
    inputs = ("raw bytes", "[0, 1]", "normalised", "wrong std")
    sweeps = {
        title: part
        for title, part in found.items()
        if isinstance(part, dict) and set(inputs) <= set(part)
    }
    rows = []
    for title, by_input in sweeps.items():
        for name in inputs:
            swept, losses = by_input[name], torch.tensor(by_input[name]["best_losses"])
            rates = ", ".join(f"{rate:g}" if rate else "none" for rate in swept["largest_rate"])
            rows.append([title, name, rates, f"{swept['best_rate']:g}", with_deviation(losses)])
    fed = [
        [network, form, over_seeds(values)]
        for network, by_form in found["fed"].items()
        if isinstance(by_form, dict)
        for form, values in by_form.items()
    ]
    note = (
        f"{found['steps']} steps of {found['batch_size']} images, Adam or SGD with momentum {found['momentum']}; "
        f"a rate trains if the loss ends {found['margin']} below ln 10. "
        f"Here ± is the standard deviation over {len(found['seeds'])} seeds.\n\n"
    )
    header = [
        "training",
        "input",
        "largest rate that trains, seed by seed",
        "best rate",
        "loss at the end",
    ]
    trained = f"Trained on normalised images ({found['fed']['images']:,}, {found['fed']['epochs']} epochs), then fed:\n\n"
    header_fed = ["network", "input", "validation accuracy"]
    title = "## Lesson 02: the scale of the input on CIFAR-10 (JPEG)\n\n"
    return title + note + table(header, rows) + "\n" + trained + table(header_fed, fed)


def backbone() -> str:
    found = load_recorded("vgg_mini")
    history, images = found["history"], found["val_images"]
    shown = sorted({0, *range(2, found["epochs"], 3), found["epochs"] - 1})
    rows = [
        [str(i + 1), *(percent(history[f"{part}_accuracy"][i]) for part in ("train", "val"))]
        for i in shown
    ]
    settings = (
        f"{found['parameters']:,} parameters, {found['train_images']:,} images, {found['epochs']} epochs of"
        f" {found['optimizer']}, batch {found['batch_size']}, rate up to {found['peak_rate']} ({found['schedule']}),"
        f" weight decay {found['weight_decay']}, label smoothing {found['label_smoothing']}, {found['augmentation']}."
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
        f"The file that is shipped (float16), on {images:,} validation images, which were scaled down by a sharper"
        " filter than the training images; sharpness is the mean difference of neighbouring pixels, in deviations:\n",
        table(["validation images", "sharpness", "accuracy"], shipped),
    ]
    return "\n".join(parts)


def transfer() -> str:
    found = load_recorded("04_transfer_learning.cifar10-jpeg")
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
        "## Lesson 04: transfer to CIFAR-10 (JPEG), by labels of each class\n",
        f"Backbone: {found['backbone']}. Means over {found['seeds']} seeds; ± is the standard deviation over seeds.\n",
        table(["", *labels], rows),
        f"Linear probe on all {everything['train_images']:,} images: {on_all}. One seed each: from"
        f" scratch with twice the steps, 50 labels {percent(arms['scratch_longer']['50'][0])}; fine-tuning without"
        f" augmentation, 500 labels {percent(arms['fine_tuning_plain']['500'][0])}.\n",
        *transfer_mistakes(found["scaling"], found["leak"]),
    ]
    return "\n".join(parts)


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
        f"The probe with {scaling['labels_per_class']} labels of each class, images scaled otherwise:\n",
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
