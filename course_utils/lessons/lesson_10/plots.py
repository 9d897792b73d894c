"""The drawing of lesson 10."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from course_utils.plotting import COLORS

STATIONS = (
    ("folder", "one for each class"),
    ("look", "odd files, copies"),
    ("split", "three heaps"),
    ("baseline", "what is easy"),
    ("transfer", "probe, fine-tune"),
    ("mistakes", "where and why"),
    ("report", "test once"),
    ("predict", "a new picture"),
)


def road() -> Figure:
    """The stations of a project from a folder of pictures to a prediction; one leads back."""
    figure = plt.figure(figsize=(8.5, 2.1))
    ax = figure.add_axes((0, 0, 1, 1))
    places = range(len(STATIONS))
    ax.plot(places, [0] * len(places), color=COLORS[0], lw=3, zorder=1)
    ax.scatter(places, [0] * len(places), s=420, color="white", edgecolors=COLORS[0], lw=3)
    for place, (name, what) in enumerate(STATIONS):
        ax.text(place, 0, place + 1, ha="center", va="center", fontsize=10)
        ax.text(place, -0.42, name, ha="center", va="top", fontsize=10, weight="bold")
        ax.text(place, -0.75, what, ha="center", va="top", fontsize=8)
    mistakes = [name for name, _ in STATIONS].index("mistakes")
    way = {"arrowstyle": "-|>", "color": COLORS[1], "connectionstyle": "arc3,rad=0.3", "lw": 1.8}
    ax.annotate("", xy=(0, 0.32), xytext=(mistakes, 0.32), arrowprops=way)
    ax.text(mistakes / 2, 0.45, "better pictures", ha="center", fontsize=9, color=COLORS[1])
    ax.set(xlim=(-0.6, len(STATIONS) - 0.4), ylim=(-1.15, 1.6))
    ax.axis("off")
    names = ", ".join(name for name, _ in STATIONS)
    figure.set_label(
        f"The road of a project: {names}. From the mistakes an arrow leads back to the pictures."
    )
    return figure
