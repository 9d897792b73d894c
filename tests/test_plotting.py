"""Figures: what they draw, and that what is shown carries its description."""

import importlib

import pytest
import torch
from matplotlib import pyplot as plt

from course_utils import plotting


def test_show_displays_once_with_alt_text_and_closes(monkeypatch):
    figure, ax = plt.subplots()
    ax.plot([1, 2])
    number, shown = figure.number, []
    monkeypatch.setattr(
        "IPython.display.display", lambda data, **options: shown.append((data, options))
    )
    plotting.show(figure, alt="a rising line")
    ((data, options),) = shown
    assert data["image/png"].startswith(b"\x89PNG")
    assert data["text/plain"] == "Figure: a rising line"
    assert options == {"metadata": {"image/png": {"alt": "a rising line"}}, "raw": True}
    assert number not in plt.get_fignums()


def test_show_wants_alt_text():
    with pytest.raises(ValueError, match="alt is empty: say in a sentence what the figure shows"):
        plotting.show(plt.figure(), alt=" ")


def test_importing_changes_no_settings_and_use_style_does():
    with plt.rc_context():
        plt.rcdefaults()
        importlib.reload(plotting)
        assert plt.rcParams["figure.facecolor"] == plt.rcParamsDefault["figure.facecolor"]
        assert plt.rcParams["axes.grid"] is False
        plotting.use_style()
        assert plt.rcParams["figure.facecolor"] == "white"
        assert plt.rcParams["axes.grid"] is True
        assert plt.rcParams["figure.dpi"] <= 100


def test_a_diagram_brings_its_own_description(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, **options: shown.append(data))
    figure = plt.figure()
    figure.set_label("two boxes and an arrow")
    plotting.show(figure)
    assert shown[0]["text/plain"] == "Figure: two boxes and an arrow"


@pytest.mark.parametrize(("shape", "rows"), [((5, 3, 8, 8), 2), ((3, 1, 8, 8), 1)])
def test_plot_images(shape, rows):
    figure = plotting.plot_images(
        torch.rand(shape) * 3 - 1, [f"t{i}" for i in range(shape[0])], columns=3
    )
    assert len(figure.axes) == rows * 3
    assert [ax.get_title() for ax in figure.axes[: shape[0]]] == [f"t{i}" for i in range(shape[0])]
    drawn = figure.axes[0].images[0].get_array()
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    plt.close(figure)


def test_plot_grid_names_its_rows():
    figure = plotting.plot_grid(
        torch.zeros(4, 3, 8, 8, dtype=torch.uint8), columns=2, row_names=["cat", "dog"]
    )
    assert [text.get_text() for text in figure.axes[0].texts] == ["cat", "dog"]
    plt.close(figure)


def test_plot_lines():
    figure = plotting.plot_lines(
        {"a": [1, 2], "b": [3, 4]}, x=[10, 20], xlabel="steps", ylabel="loss"
    )
    (ax,) = figure.axes
    assert list(ax.lines[1].get_xdata()) == [10, 20]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert ax.lines[0].get_marker() != ax.lines[1].get_marker()
    plt.close(figure)


NAMES = ["猫", "고양이", "ネコ", "cat"]  # Chinese, Korean, Japanese


def shown(figure, monkeypatch, capsys):
    monkeypatch.setattr("IPython.display.display", lambda data, **options: None)
    plotting.show(figure, alt="four pictures")
    return capsys.readouterr().out


def test_names_of_classes_in_east_asian_writing_are_drawn_where_a_font_has_them(
    monkeypatch, capsys
):
    if not plotting._east_asian_fonts():
        pytest.skip("no such font here")
    with plt.rc_context():
        plotting.use_style()
        figure = plotting.plot_images(torch.zeros(4, 3, 8, 8), NAMES)
        assert shown(figure, monkeypatch, capsys) == ""


def test_where_no_font_has_them_one_line_says_so(monkeypatch, capsys, recwarn):
    monkeypatch.setattr(plotting, "_east_asian_fonts", list)
    with plt.rc_context():
        plotting.use_style()
        figure = plotting.plot_images(torch.zeros(4, 3, 8, 8), NAMES)
        line = "boxes stand for characters that no font here has: install Noto Sans CJK, restart\n"
        assert shown(figure, monkeypatch, capsys) == line
    assert list(recwarn) == []
