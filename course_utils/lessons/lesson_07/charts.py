"""The chart of lesson 07's patients, and its other drawings."""

import math
from collections.abc import Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from torch import Tensor
from torch.utils.data import DataLoader, Subset

from course_utils.data import Splits, denormalize
from course_utils.lessons.lesson_07.broken import TrainingRun
from course_utils.plotting import COLORS
from course_utils.training import evaluate, predict

GREY = "#888888"
SIZES = (250, 32, 4, 1)  # of the batches in which the same validation pictures come
SHOWN = 6  # training pictures


def softmax_floor(classes: int) -> float:
    """The least cross-entropy of outputs that went through a softmax before: 1.461 for 10 classes."""
    return -math.log(math.e / (math.e + classes - 1))


def by_batch_size(run: TrainingRun, images: int = SIZES[0]) -> dict[int, float]:
    """Accuracy on the first validation images, for each size of the batches in which they come."""
    val, device = run.loaders.val.dataset, next(run.model.parameters()).device
    some = Subset(val, range(min(images, len(val))))
    return {size: evaluate(run.model, DataLoader(some, size), device).accuracy for size in SIZES}


def chart(patient: TrainingRun, twin: TrainingRun, splits: Splits, title: str) -> Figure:
    """A patient's six panels over its healthy twin's: loss, accuracy, one batch overfitted, answers,
    accuracy by batch size, and training pictures with their labels as its loader gives them.
    """
    figure = plt.figure(figsize=(9.5, 4.9))
    panels = figure.subfigures(2, 1)
    top = panels[0].subplots(1, 3)
    below = panels[1].subfigures(1, 2, width_ratios=(2, 1))
    left = below[0].subplots(1, 2)
    classes = len(splits.classes)
    _draw_losses(top[0], patient, twin, classes)
    _draw_accuracies(top[1], patient, twin, classes)
    _draw_batch(top[2], patient, twin, classes)
    shares = _draw_answers(left[0], patient, splits.classes)
    alone = _draw_by_batch_size(left[1], patient, twin, classes)
    _draw_pictures(below[1], patient, splits)
    figure.suptitle(title, fontsize=11)
    history = patient.history
    figure.set_label(
        f"{title}: training loss {history.train_loss[-1]:.2f}, accuracy in training "
        f"{history.train_accuracy[-1]:.0%}, in validation {history.val_accuracy[-1]:.0%}; one batch "
        f"overfitted to {patient.overfit_losses[-1]:.2f}; the most frequent answer for "
        f"{max(shares):.0%}; accuracy in batches of 250 {alone[250]:.0%}, one by one {alone[1]:.0%}. "
        "Beside the plots, training pictures with their labels."
    )
    return figure


def _levels(ax: Axes, classes: int) -> None:
    """Where a loss lies for who knows nothing, and the floor under a loss with a softmax too many."""
    for level, text, style in (
        (math.log(classes), "knows nothing", ":"),
        (softmax_floor(classes), f"{softmax_floor(classes):.2f}", "--"),
    ):
        ax.axhline(level, color="black", linewidth=0.8, linestyle=style)
        ax.annotate(
            text,
            (1, level),
            (-2, 2),
            fontsize=7,
            ha="right",
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
        )
    ax.set_ylim(0, 1.3 * math.log(classes))


def _draw_losses(ax: Axes, patient: TrainingRun, twin: TrainingRun, classes: int) -> None:
    for history, colors in ((twin.history, (GREY, GREY)), (patient.history, COLORS)):
        epochs = range(1, len(history.train_loss) + 1)
        ax.plot(epochs, history.train_loss, "o-", color=colors[0], markersize=3)
        ax.plot(epochs, history.val_loss, "s--", color=colors[1], markersize=3)
    _levels(ax, classes)
    ax.set(xlabel="epoch", ylabel="loss")
    ax.xaxis.get_major_locator().set_params(integer=True)


def _draw_accuracies(ax: Axes, patient: TrainingRun, twin: TrainingRun, classes: int) -> None:
    for history, colors, labels in (
        (twin.history, (GREY, GREY), ("healthy", None)),
        (patient.history, COLORS, ("training", "validation")),
    ):
        epochs = range(1, len(history.train_loss) + 1)
        ax.plot(epochs, history.train_accuracy, "o-", color=colors[0], ms=3, label=labels[0])
        ax.plot(epochs, history.val_accuracy, "s--", color=colors[1], ms=3, label=labels[1])
    _chance(ax, classes)
    ax.set(xlabel="epoch", ylabel="accuracy")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(fontsize=7, loc="upper left")


def _chance(ax: Axes, classes: int) -> None:
    ax.axhline(1 / classes, color="black", linewidth=0.8, linestyle=":")
    ax.set_ylim(0, 1)


def _draw_batch(ax: Axes, patient: TrainingRun, twin: TrainingRun, classes: int) -> None:
    ax.plot(twin.overfit_losses, color=GREY)
    ax.plot(patient.overfit_losses, color=COLORS[0])
    _levels(ax, classes)
    ax.set(xlabel="step on one batch", ylabel="its loss")


def _draw_answers(ax: Axes, patient: TrainingRun, names: Sequence[str]) -> list[float]:
    device = next(patient.model.parameters()).device
    logits, _ = predict(patient.model, patient.loaders.val, device)
    counts = logits.argmax(dim=1).bincount(minlength=len(names))
    shares = (counts / len(logits)).tolist()
    ax.bar(range(len(names)), shares, color=COLORS[1], alpha=0.8)
    _chance(ax, len(names))
    ax.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
    ax.set(ylabel="share of the answers")
    return shares


def _draw_by_batch_size(
    ax: Axes, patient: TrainingRun, twin: TrainingRun, classes: int
) -> dict[int, float]:
    found = by_batch_size(patient)
    places = range(len(SIZES))
    ax.plot(places, list(by_batch_size(twin).values()), "s--", color=GREY, markersize=3)
    ax.plot(places, list(found.values()), "s--", color=COLORS[1], markersize=3)
    _chance(ax, classes)
    ax.set_xticks(places, SIZES)
    ax.set(xlabel="pictures in a batch", ylabel="validation accuracy")
    return found


def _draw_pictures(figure: SubFigure, patient: TrainingRun, splits: Splits) -> None:
    dataset = patient.loaders.train.dataset
    items = [dataset[index] for index in range(min(SHOWN, len(dataset)))]
    images = denormalize(torch.stack([image for image, _ in items]), splits.mean, splits.std)
    axes = figure.subplots(2, SHOWN // 2)
    for ax in axes.flat:
        ax.axis("off")
    for ax, image, (_, label) in zip(axes.flat, images.clamp(0, 1), items, strict=False):
        ax.imshow(image.permute(1, 2, 0))
        ax.set_title(splits.classes[label], fontsize=8, pad=2)
    figure.suptitle("from its training loader", fontsize=8)


def plot_heat(
    images: Tensor, heats: dict[str, Tensor], titles: Sequence[str] = (), side: float = 1.25
) -> Figure:
    """Images (N, 3, H, W) in [0, 1] above one row for each of `heats`, (N, H, W) in [0, 1]: the hotter,
    the more orange over a grey picture.
    """
    grey = images.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1)
    rows = {"picture": images}
    for name, heat in heats.items():
        glow = torch.stack([heat, 0.55 * heat, torch.zeros_like(heat)], dim=1)
        rows[name] = (1 - heat[:, None]) * 0.7 * grey + heat[:, None] * glow
    shape = (len(rows), len(images))
    size = (side * shape[1] + 0.6, side * shape[0] + 0.3)
    figure, axes = plt.subplots(*shape, figsize=size, squeeze=False)
    for row, (name, pictures) in zip(axes, rows.items(), strict=True):
        for ax, picture in zip(row, pictures, strict=True):
            ax.imshow(picture.permute(1, 2, 0).clamp(0, 1))
            ax.set(xticks=[], yticks=[])
            ax.grid(False)
        row[0].set_ylabel(name, fontsize=9)
    for ax, title in zip(axes[0], titles, strict=False):
        ax.set_title(title, fontsize=8)
    return figure


def plot_reliability(panels: dict[str, list[tuple[float, float, int]]]) -> Figure:
    """A reliability diagram for each list of bins (confidence, accuracy, number of images): the more
    images, the larger the dot.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(3.1 * len(panels), 3.3), squeeze=False)
    for ax, (title, bins) in zip(axes[0], panels.items(), strict=True):
        confidence, accuracy, counts = zip(*bins, strict=True)
        sizes = [8 + 300 * count / sum(counts) for count in counts]
        ax.plot([0, 1], [0, 1], "k--", linewidth=0.8)
        ax.plot(confidence, accuracy, color=COLORS[1], linewidth=1)
        ax.scatter(confidence, accuracy, s=sizes, color=COLORS[1], alpha=0.7)
        ax.text(0.04, 0.96, "less sure than right", fontsize=8, va="top")
        ax.text(0.98, 0.04, "surer than right", fontsize=8, ha="right")
        ax.set(xlim=(0, 1.03), ylim=(0, 1.03), xlabel="confidence", aspect="equal")
        ax.set_title(title, fontsize=9)
    axes[0][0].set_ylabel("accuracy")
    return figure
