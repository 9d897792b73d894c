"""Drawings: they read the object that they show, describe themselves, and stay small."""

import pytest
import torch
from matplotlib import pyplot as plt
from torch import nn

from course_utils.lessons import diagrams
from course_utils.models import VGG


def texts(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def small_network():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 5)
    )


DRAWINGS = {
    "training_loop": lambda: diagrams.training_loop(),
    "network": lambda: diagrams.network(VGG()),
    "convolution_steps": lambda: diagrams.convolution_steps(torch.ones(5, 5), torch.ones(3, 3)),
    "channels": lambda: diagrams.channels(nn.Conv2d(3, 16, 3)),
    "receptive_fields": lambda: diagrams.receptive_fields(torch.rand(3, 32, 32), {"block 1": 6}),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_every_drawing_describes_itself_and_fits_on_a_page(name):
    figure = DRAWINGS[name]()
    width, height = figure.get_size_inches()
    assert len(figure.get_label()) > 40
    assert 2 < width <= 12
    assert 1.5 < height <= 8
    figure.canvas.draw()
    plt.close(figure)


def test_the_training_loop_names_its_parts():
    figure = diagrams.training_loop()
    assert {"model", "logits", "loss", "gradient", "optimizer"} <= set(texts(figure))
    plt.close(figure)


def test_a_network_is_drawn_from_itself():
    figure = diagrams.network(small_network(), (3, 8, 8))
    found = texts(figure)
    assert [text for text in found if text[0].isalpha()] == [
        "image",
        "Conv2d",
        "MaxPool2d",
        "Linear",
    ]
    assert [text for text in found if text[0].isdigit()] == [
        "3 x 8 x 8",
        "4 x 8 x 8",
        "4 x 4 x 4",
        "5",
    ]
    assert "Conv2d 4 x 8 x 8, MaxPool2d 4 x 4 x 4, Linear 5" in figure.get_label()
    plt.close(figure)


def test_drawing_a_network_changes_nothing_about_it():
    model = small_network().train()
    plt.close(diagrams.network(model, (3, 8, 8)))
    assert model.training
    assert not any(layer._forward_hooks for layer in model)


def test_a_convolution_is_computed_not_typed():
    image = torch.arange(9.0).reshape(3, 3)
    figure = diagrams.convolution_steps(image, torch.tensor([[1.0, 0.0], [0.0, 1.0]]), steps=(0, 3))
    kernel, first, last = figure.axes
    assert [text.get_text() for text in kernel.texts] == ["1", "0", "0", "1"]
    assert [text.get_text() for text in first.texts] == [f"{i}" for i in range(9)] + ["4"]
    assert [text.get_text() for text in last.texts][9:] == ["4", "6", "10", "12"]
    assert "the map gets 4, 12" in figure.get_label()
    plt.close(figure)


def test_channels_says_how_many_are_drawn():
    figure = diagrams.channels(nn.Conv2d(3, 16, 3), shown=2)
    said = texts(figure)
    assert {"3 channels in", "16 kernels of 3 x 3 x 3", "2 of 16 drawn"} <= set(said)
    assert said.count("for green") == 1  # a slice for each input channel
    plt.close(figure)


def test_a_receptive_field_larger_than_the_image_is_drawn_whole():
    figure = diagrams.receptive_fields(torch.rand(3, 32, 32), {"block 1": 6, "block 3": 36})
    left, right = figure.axes[0].get_xlim()
    assert right - left > 36
    assert "block 1 6, block 3 36" in figure.get_label()
    plt.close(figure)
