"""The plots of the results page, drawn from the records when the site is built."""

from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from course_utils.lessons.lesson_08.plots import plot_costs
from course_utils.lessons.scoreboard import published_rows
from course_utils.plotting import COLORS, use_style
from course_utils.results import load_recorded
from extensions import records


@dataclass(frozen=True)
class Plot:
    """A picture, as a path from the docs folder, with what it shows in words."""

    picture: str
    title: str
    alt: str


def write_plots(pictures: Path) -> list[Plot]:
    """Draw the plots of the results page into `pictures`."""
    pictures.mkdir(exist_ok=True)
    use_style()
    drawn = [
        ("scoreboard", "What accuracy costs", *scoreboard(published_rows())),
        ("faults", "What mistakes cost", *faults(load_recorded(records.FAULTS)["faults"])),
        ("costs", "What a training costs", *costs(load_recorded("08_fast_training.cifar10-gpu"))),
    ]
    plots = []
    for name, title, figure, alt in drawn:
        path = pictures / f"results_{name}.webp"
        figure.savefig(path, dpi=110, bbox_inches="tight", pil_kwargs={"quality": 85})
        plt.close(figure)
        plots.append(Plot(f"{pictures.name}/{path.name}", title, alt))
    return plots


def scoreboard(rows: list[dict]) -> tuple[Figure, str]:
    """The published models by their cost: accuracy on Shapes, and what is recorded on CIFAR-10."""
    rows = sorted(rows, key=lambda row: row["multiply_adds"])
    figure, ax = plt.subplots(figsize=(7, 0.32 * len(rows) + 1))
    names = [f"{row['lesson']} {row['model']}: {_in_short(row['multiply_adds'])}" for row in rows]
    places = range(len(rows))
    ax.plot([row["accuracy"] for row in rows], places, "o", color=COLORS[0], label="Shapes")
    photos = [(row["cifar10"]["accuracy"], i) for i, row in enumerate(rows) if row["cifar10"]]
    ax.plot(
        *zip(*photos, strict=True), "D", color=COLORS[1], mfc="none", label="CIFAR-10, recorded"
    )
    ax.set_yticks(places, names, fontsize=8)
    ax.set(xlim=(0, 1), xlabel="accuracy on test pictures")
    ax.set_title("lessons' models and their multiply-adds for one picture", fontsize=9)
    ax.invert_yaxis()
    ax.legend(fontsize=8, loc="lower left")
    said = [
        f"{row['model']} {records.percent(row['accuracy'])} for {row['multiply_adds']:,}"
        for row in rows
    ]
    return figure, f"Accuracy on Shapes by multiply-adds: {'; '.join(said)}."


def _in_short(number: int) -> str:
    return f"{number / 1e6:.0f} million" if number >= 1e6 else f"{number:,}"


def faults(entries: list[dict]) -> tuple[Figure, str]:
    """Lesson 07's recorded faults: by how many points the accuracy that is seen differs."""
    changes = sorted((100 * records.change(entry), entry["fault"]) for entry in entries)
    figure, ax = plt.subplots(figsize=(7, 0.28 * len(changes) + 0.8))
    colors = [COLORS[1] if change < 0 else COLORS[0] for change, _ in changes]
    ax.barh([name for _, name in changes], [change for change, _ in changes], color=colors)
    ax.axvline(0, color="black", linewidth=0.8)
    ax.invert_yaxis()
    ax.tick_params(axis="y", labelsize=8)
    ax.set_xlabel("points of accuracy; to the right a fault flatters")
    said = [f"{name}: {change:+.1f}" for change, name in changes]
    return figure, f"Points of accuracy on CIFAR-10 that each fault changes. {'; '.join(said)}."


def costs(recorded: dict) -> tuple[Figure, str]:
    """Lesson 08's record: accuracy against operations, in a figure that describes itself."""
    figure = plot_costs(recorded)
    return figure, figure.get_label()
