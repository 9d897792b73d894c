"""The figure of lesson 06's training."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from course_utils.training import History


def plot_history(history: History) -> Figure:
    """Loss and accuracy by epoch, training and validation, with the best epoch marked."""
    figure, axes = plt.subplots(1, 2, figsize=(8, 3))
    epochs = range(1, len(history.val_loss) + 1)
    for ax, name in zip(axes, ("loss", "accuracy"), strict=True):
        train, val = getattr(history, f"train_{name}"), getattr(history, f"val_{name}")
        ax.plot(epochs, train, "o-", label="training (mean over the epoch)", clip_on=False)
        ax.plot(epochs, val, "s--", label="validation (after the epoch)", clip_on=False)
        ax.axvline(history.best_epoch, c="gray", ls=":", label="best validation accuracy")
        ax.set(xlabel="epoch", ylabel=name)
        ax.xaxis.get_major_locator().set_params(integer=True)
    axes[1].set_ylim(top=min(1, axes[1].get_ylim()[1]))  # no accuracy lies above 1
    axes[0].legend(fontsize=8)
    return figure
