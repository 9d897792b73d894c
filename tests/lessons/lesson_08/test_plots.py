"""The figure of lesson 08's recorded costs: points, goals, labels."""

import pytest
from matplotlib import pyplot as plt

from course_utils.lessons.lesson_08 import plots

RECORDED = {  # a made-up result of benchmarks/lesson_08
    "ladder": {
        "seeds": 2,
        "epochs": 3,
        "images": 1000,
        "rungs": [
            {"name": "source", "aside": False, "only_speed": False, "test_accuracy": [0.7, 0.72]},
            {"name": "fused", "aside": False, "only_speed": True},
            {"name": "head", "aside": False, "only_speed": False, "test_accuracy": [0.75, 0.74]},
            {"name": "Muon", "aside": True, "only_speed": False, "test_accuracy": [0.8, 0.8]},
        ],
    },
    "costs": {
        "training": 0.1,
        "images": {
            "source": {"time": 1.02, "flops": 1.0},
            "fused": {"time": 0.6, "flops": 1.0},
            "head": {"time": 0.5, "flops": 0.9},
            "Muon": {"time": 0.55, "flops": 0.9},
        },
    },
    "fortieth": {"cost": [0.025, 0.024], "flops": 0.02, "test_accuracy": [0.88, 0.879]},
    "eighth": {"cost": [0.125, 0.12], "flops": 0.2, "test_accuracy": [0.91, 0.911]},
    "fifth": {"cost": [0.2, 0.19], "flops": 0.3, "test_accuracy": [0.92, 0.921]},
}


GOALS = ["a fortieth of the time", "an eighth of the time", "a fifth of the time"]


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize(("measure", "first"), [("time", 0.102), ("flops", 0.1)])
def test_plot_costs_draws_the_rungs_that_have_an_accuracy(measure, first):
    (ax,) = plots.plot_costs(RECORDED, measure).axes
    points = [line for line in ax.lines if line.get_marker() == "o"]
    assert [line.get_fillstyle() for line in points] == ["full", "full", "none"]
    assert points[0].get_xdata()[0] == pytest.approx(first) and points[0].get_ydata()[
        0
    ] == pytest.approx(0.71)
    assert [text.get_text() for text in ax.texts] == ["1", "3", "4"]
    assert "4 Muon (aside)" in legend(ax) and legend(ax)[-3:] == GOALS
    plt.close("all")


def test_plot_costs_draws_the_goals_that_were_measured():
    (ax,) = plots.plot_costs(
        {name: part for name, part in RECORDED.items() if name != "eighth"}
    ).axes
    assert legend(ax)[-2:] == [GOALS[0], GOALS[2]]
    plt.close("all")


@pytest.mark.parametrize(
    ("accuracies", "labels"),
    [
        ([0.71, 0.72, 0.711], ["1-3"]),
        ([0.71, 0.72, 0.6], ["1, 2", "3"]),
        ([0.71, 0.6, 0.711, 0.712], ["1, 3, 4", "2"]),
        ([0.71, 0.73], ["1", "2"]),
    ],
)
def test_plot_costs_gives_close_points_one_label(accuracies, labels):
    rungs = [
        {"name": f"{number}", "aside": False, "only_speed": False, "test_accuracy": [accuracy]}
        for number, accuracy in enumerate(accuracies)
    ]
    costs = {
        rung["name"]: {"time": 1.0 + 0.1 * number, "flops": 1.0}
        for number, rung in enumerate(rungs)
    }
    made_up = {
        "ladder": RECORDED["ladder"] | {"rungs": rungs},
        "costs": {"training": 0.1, "images": costs},
    }
    (ax,) = plots.plot_costs(made_up, "flops").axes
    assert [text.get_text() for text in ax.texts] == labels
    (ax,) = plots.plot_costs(
        {**made_up, "fifth": RECORDED["fifth"] | {"test_accuracy": [0.92]}}, "time"
    ).axes
    assert (
        legend(ax)[-1] == "a fifth of the time, one seed"
    )  # no spread to draw, nothing to warn of
    plt.close("all")


def test_plot_costs_refuses_another_measure():
    with pytest.raises(ValueError, match="measure is 'joules': give one of time, flops"):
        plots.plot_costs(RECORDED, "joules")
