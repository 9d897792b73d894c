"""The built-in images. Nothing here depends on how hard they are to tell apart."""

import pytest
import torch

from course_utils.data import shapes
from course_utils.data.shapes import ARROWS, CLASSES, FIGURES, draw
from tests.helpers import raises

ALL = (*CLASSES, *ARROWS)


def grid(size=64):
    """Coordinates of pixel centres over the figures' plane; mirroring them is exact."""
    line = (torch.arange(size) - (size - 1) / 2) / size * 2.4
    return line.expand(1, size, size), line.flip(0)[:, None].expand(1, size, size)


def figure(name, form=0.3):
    """The distances to a figure's body and its detail: (64, 64) each, or None for no detail."""
    found = FIGURES[name].distances(*grid(), torch.full((1, 1, 1), form))
    return [None if part is None else part[0] for part in found]


def test_ten_classes_and_a_pair_of_arrows():
    assert len(CLASSES) == len(set(CLASSES)) == 10
    assert ARROWS == ("arrow left", "arrow right")
    assert set(ALL) == set(FIGURES)
    assert shapes.VERSION == 2


@pytest.mark.parametrize(("number", "size"), [(1, 32), (7, 32), (5, 16), (5, 48), (1003, 8)])
def test_images_are_uint8_of_the_asked_size(number, size):
    images = draw(torch.arange(number) % 10, seed=0, size=size)
    assert images.shape == (number, 3, size, size)
    assert images.dtype == torch.uint8


def test_equal_arguments_give_equal_images():
    labels = torch.arange(30) % 10
    images = draw(labels, seed=5)
    torch.rand(10)
    state = torch.get_rng_state()
    assert torch.equal(draw(labels, seed=5), images)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(draw(labels, seed=6), images)
    assert not torch.equal(draw(labels.roll(1), seed=5), images)
    assert not torch.equal(draw(labels, seed=5, difficulty=0.5), images)
    assert not torch.equal(draw(labels, seed=5, max_shift=0), images)


def test_no_two_images_are_equal():
    images = draw(torch.zeros(1500, dtype=torch.int64), seed=0, size=8)  # more than one chunk
    assert len({image.numpy().tobytes() for image in images}) == 1500
    others = draw(torch.zeros(1500, dtype=torch.int64), seed=1, size=8)
    assert not {image.numpy().tobytes() for image in images} & {
        image.numpy().tobytes() for image in others
    }


def test_the_first_images_do_not_depend_on_how_many_follow():
    labels = torch.arange(2 * shapes.CHUNK + 20) % 10
    images = draw(labels, seed=4, size=16)
    for number in (shapes.CHUNK, 2 * shapes.CHUNK):
        assert torch.equal(draw(labels[:number], seed=4, size=16), images[:number])


def test_images_do_not_depend_on_the_number_of_threads():
    labels, threads = torch.arange(70) % 10, torch.get_num_threads()
    images = []
    try:
        for number in (1, 3):
            torch.set_num_threads(number)
            images.append(draw(labels, seed=2))  # enough pixels for more than one thread
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(*images)


@pytest.mark.parametrize("form", [-1.0, 0.3, 1.0])
@pytest.mark.parametrize("name", ALL)
def test_every_figure_fills_a_fair_part_of_its_plane(name, form):
    body, detail = figure(name, form)
    assert body.shape == (64, 64)
    assert 0.1 < (body < 0).float().mean() < 0.6
    edges = torch.cat([body[0], body[-1], body[:, 0], body[:, -1]])
    assert edges.min() > 0  # nothing is cut off
    if detail is not None:
        assert 0 < ((detail < 0) & (body < 0)).float().mean() < 0.1


@pytest.mark.parametrize("form", [-1.0, 0.3, 1.0])
@pytest.mark.parametrize("name", ALL)
def test_every_figure_measures_distances(name, form):
    body, x = figure(name, form)[0], grid()[0][0]
    step = float(x[0, 1] - x[0, 0])
    assert body.diff(dim=0).abs().max() <= 1.01 * step
    assert body.diff(dim=1).abs().max() <= 1.01 * step


def test_no_two_classes_have_the_same_figure():
    bodies = [figure(name)[0] < 0 for name in ALL]
    for index, body in enumerate(bodies):
        for other in bodies[:index]:
            assert (body != other).float().mean() > 0.02


@pytest.mark.parametrize("name", ["star", "moon", "flower", "fish", "tree"])
def test_figures_of_a_class_differ_in_form(name):
    one, other = (figure(name, form)[0] < 0 for form in (-1.0, 1.0))
    assert (one != other).float().mean() > 0.01


def test_without_difficulty_the_ground_is_plain():
    images = draw(torch.arange(200) % 10, seed=0, max_shift=0, difficulty=0)
    borders = torch.cat([images[:, :, [0, -1]].flatten(2), images[:, :, :, [0, -1]].flatten(2)], 2)
    assert (borders == borders[:, :, :1]).all()


def test_difficulty_changes_what_lies_around_the_figure():
    labels = torch.arange(200) % 10
    roughness = [
        draw(labels, seed=0, difficulty=difficulty)[:, :, 0].float().std(dim=-1).mean()
        for difficulty in (0, 0.5, 1)
    ]
    assert roughness[0] < roughness[1] < roughness[2]


def test_a_picture_s_mean_colour_hardly_tells_its_class():
    labels = torch.arange(2000) % 10
    colours = draw(labels, seed=0, size=16).float().mean((2, 3))
    means = torch.stack([colours[:1000][labels[:1000] == label].mean(0) for label in range(10)])
    named = torch.cdist(colours[1000:], means).argmin(dim=1)
    assert (named == labels[1000:]).float().mean() < 0.2


@pytest.mark.parametrize("name", ALL)
def test_no_image_is_blank(name):
    label = torch.full((60,), ALL.index(name))
    plain = draw(label, seed=0, classes=ALL, difficulty=0).float()
    range_of_values = plain.amax((2, 3)) - plain.amin((2, 3))
    assert range_of_values.amax(1).min() > 20  # the figure stands out of its ground
    assert draw(label, seed=0, classes=ALL).float().std((2, 3)).min() > 1


def test_labels_choose_among_the_given_classes():
    by_name = draw(torch.tensor([0, 1]), seed=3, classes=("moon", "tree"))
    by_all = draw(torch.tensor([CLASSES.index("moon"), CLASSES.index("tree")]), seed=3)
    assert torch.equal(by_name, by_all)


def test_a_mirrored_arrow_is_the_other_arrow():
    left, right = (figure(name)[0] for name in ARROWS)
    assert torch.equal(left.flip(1), right)
    assert (left < 0).ne(right < 0).float().mean() > 0.1
    columns = (left < 0).float().sum(dim=0)
    assert columns[:32].max() > columns[32:].max()  # the head is on the left


def asymmetry(name, classes):
    """How much the mean image of a class differs from its mirror image."""
    images = draw(
        torch.full((400,), classes.index(name)), seed=0, classes=classes, difficulty=0, max_shift=0
    )
    mean = (
        (images.float() - images.float().mean((2, 3), keepdim=True)).abs().mean((0, 1))
    )  # bright or dark alike
    return float((mean - mean.flip(1)).abs().mean())


def test_the_ten_classes_may_be_mirrored_and_the_arrows_not():
    of_arrows = min(asymmetry(name, ARROWS) for name in ARROWS)
    for name in CLASSES:
        assert asymmetry(name, CLASSES) < of_arrows / 4, name


def test_no_labels_no_images():
    images = draw(torch.arange(0), seed=0)
    assert images.shape == (0, 3, 32, 32)
    assert images.dtype == torch.uint8


def test_an_unknown_class_is_named():
    with raises(ValueError, f"no such shape: 'hexagon'; there are {', '.join(FIGURES)}"):
        draw(torch.tensor([0]), seed=0, classes=("circle", "hexagon"))


@pytest.mark.parametrize(("labels", "low", "high"), [([0, 10], 0, 10), ([-1, 3], -1, 3)])
def test_a_label_of_no_class_is_named(labels, low, high):
    with raises(ValueError, f"labels go from {low} to {high}: 10 classes have 0 to 9"):
        draw(torch.tensor(labels), seed=0)
