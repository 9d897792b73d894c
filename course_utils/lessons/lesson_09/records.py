"""What lesson 09 says of its record on CIFAR-10: differences with intervals, and plots."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from course_utils.intervals import interval, paired
from course_utils.plotting import COLORS

Record = Mapping[str, Any]
RECURRENT = ("LSTM, forget bias 2", "LSTM", "GRU", "tanh")
NETWORKS = ("CNN", "attention", *RECURRENT)


def tests(record: Record, name: str, order: str = "rows") -> list[float]:
    """Test accuracy of a network, one a seed."""
    return record["training"][name][order]["test_accuracy"]


def best_recurrent(record: Record) -> str:
    """The recurrent network with the highest recorded validation accuracy."""
    trained = record["training"]

    def validated(name: str) -> float:
        return interval([c[-1] for c in trained[name]["rows"]["val_accuracy_by_epoch"]])[0]

    return max(RECURRENT, key=validated)


def pairs(record: Record) -> dict[str, tuple[list[float], list[float]]]:
    """Comparisons of test accuracy, paired by seed: what they are called, first and second."""
    best = best_recurrent(record)
    compared = {
        "LSTM over tanh": (("LSTM",), ("tanh",)),
        "forget bias 2 over LSTM": (("LSTM, forget bias 2",), ("LSTM",)),
        "GRU over LSTM": (("GRU",), ("LSTM",)),
        f"CNN over {best}": (("CNN",), (best,)),
        "LSTM, permuted over rows": (("LSTM", "permuted"), ("LSTM",)),
        "CNN, permuted over rows": (("CNN", "permuted"), ("CNN",)),
        "permuted, CNN over LSTM": (("CNN", "permuted"), ("LSTM", "permuted")),
        f"attention over {best}": (("attention",), (best,)),
        "attention over CNN": (("attention",), ("CNN",)),
    }
    return {name: (tests(record, *a), tests(record, *b)) for name, (a, b) in compared.items()}


def say(record: Record, *names: str) -> None:
    """Print a sentence for each comparison whose name begins with one of `names`."""
    for name, (first, second) in pairs(record).items():
        if name.startswith(names):
            mean, low, high = (100 * value for value in paired(first, second))
            print(
                f"{name}: {mean:+.1f} points, 95 % interval {low:.1f} to {high:.1f}, "
                f"{len(first)} seeds"
            )


def recorded_facts(record: Record) -> dict[str, float]:
    """What the lesson's sentences on the record rest on, by the name of their claim."""
    names = ("lstm_over_tanh", "open_over_lstm", "gru_over_lstm", "cnn_over_best")
    names += ("lstm_permuted", "cnn_permuted", "permuted_cnn_over_lstm")
    names += ("attention_over_best", "attention_over_cnn")
    compared = zip(names, pairs(record).values(), strict=True)
    facts = {name: paired(*pair)[0] for name, pair in compared}
    for order in ("rows", "permuted"):
        blanked = record["training"]["LSTM"][order]["blanked_accuracy"]
        half = record["blanks"].index(16)
        facts[f"lstm_{order}_half_blanked"] = interval([b[half] - b[0] for b in blanked])[0]
    return {f"recorded_{name}": value for name, value in facts.items()}


def plot_accuracies(record: Record) -> Figure:
    """Test accuracy of each network, a point for each seed; hollow with permuted pixels."""
    figure, ax = plt.subplots(figsize=(7.5, 0.5 * len(NETWORKS) + 1.1))
    told = []
    for row, name in enumerate(NETWORKS):
        for order, measured in record["training"][name].items():
            values, hollow = measured["test_accuracy"], order == "permuted"
            color = COLORS[1] if name == "CNN" else COLORS[0]
            fill = "none" if hollow else color
            places = [row] * len(values)
            ax.plot(values, places, "o", color=color, markerfacecolor=fill, markersize=7)
            mean = interval(values)[0]
            place = (max(values) + 0.035, row) if hollow else (mean, row - 0.36)
            ax.annotate(f"{mean:.0%}", place, ha="center", va="center", fontsize=8, color=color)
            told.append(f"{name}{' permuted' if hollow else ''} {mean:.0%}")
    ax.plot([], [], "o", color="gray", label="pictures as they are")
    ax.plot([], [], "o", color="gray", markerfacecolor="none", label="pixels permuted")
    ax.legend(fontsize=8, loc="lower right")
    ax.set(xlabel="test accuracy", xlim=(0, 1), yticks=range(len(NETWORKS)))
    ax.set_yticklabels(NETWORKS)
    ax.set_ylim(len(NETWORKS) - 0.4, -0.7)
    seeds, images = len(record["seeds"]), record["train_images"]
    title = f"recorded: CIFAR-10, {images:,} pictures, {record['epochs']} epochs, {seeds} seeds"
    ax.set_title(title, fontsize=10)
    figure.set_label(
        f"Recorded test accuracy of networks of equal cost on CIFAR-10: {', '.join(told)}."
    )
    return figure
