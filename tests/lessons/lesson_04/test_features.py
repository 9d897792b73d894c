"""What lesson 04 does with a backbone: choosing few images, kept features, the linear probe,
parameter groups.
"""

import math

import pytest
import torch
import torch.nn.functional as F
from torch.utils.data import TensorDataset

from course_utils.lessons.lesson_04.backbones import add_head
from course_utils.lessons.lesson_04.features import (
    extract_features,
    few_of_each,
    fit_probe,
    parameter_groups,
)
from tests.helpers import raises, small_features

CPU = torch.device("cpu")


def test_few_of_each():
    labels = torch.tensor([0] * 5 + [1] * 20 + [2] * 8)
    chosen = few_of_each(labels, 5, seed=3)
    assert labels[chosen].bincount().tolist() == [5, 5, 5] and len(set(chosen.tolist())) == 15
    assert torch.equal(chosen, few_of_each(labels, 5, seed=3))
    assert not torch.equal(chosen, few_of_each(labels, 5, seed=4))
    assert labels[chosen].tolist() != sorted(labels[chosen].tolist())  # not sorted by class


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (6, "number is 6, the smallest class has 5: ask for fewer"),
        (0, "number is 0, give at least 1"),
        (-1, "number is -1, give at least 1"),
    ],
)
def test_few_of_each_asks_for_what_there_is(number, message):
    with raises(ValueError, message):
        few_of_each(torch.tensor([0] * 5 + [1] * 9), number, 0)


def test_features_are_the_means_of_the_maps_in_evaluation_mode():
    model = add_head(small_features(), 3).train()
    images, labels = torch.rand(7, 3, 8, 8), torch.arange(7)
    features, given = extract_features(model, TensorDataset(images, labels), CPU, batch_size=3)
    assert not model.features.training
    assert torch.equal(given, labels) and not features.requires_grad
    with torch.no_grad():
        expected = model.eval().features(images).mean(dim=(2, 3))
        assert torch.allclose(features, expected, atol=1e-6)
        assert torch.allclose(model(images), model.classifier(features), atol=1e-6)


def test_features_of_nothing():
    with raises(ValueError, "the loader has no images: there is nothing to predict"):
        extract_features(
            add_head(small_features(), 3),
            TensorDataset(torch.rand(0, 3, 8, 8), torch.arange(0)),
            CPU,
        )


def clouds(per_class=30):
    """Three classes around three points, on axes of very unlike scale; one feature is always 1."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(3 * per_class) % 3
    points = torch.eye(3)[labels] * 3 + torch.randn(len(labels), 3, generator=generator)
    scaled = points * torch.tensor([1.0, 100.0, 0.01]) + torch.tensor([5.0, 0.0, 0.0])
    return torch.cat([scaled, torch.ones(len(labels), 1)], dim=1), labels


def test_the_probe_is_at_the_minimum_and_takes_features_as_they_are():
    features, labels = clouds()
    decay = 0.1
    probe = fit_probe(features, labels, 3, decay)
    accuracy = (probe(features).argmax(dim=1) == labels).float().mean()
    assert accuracy > 0.8
    mean, std = features.mean(dim=0), features.std(dim=0, correction=0).clamp(min=1e-6)
    weight = (probe.weight * std).detach().requires_grad_()
    bias = (probe.bias + probe.weight @ mean).detach().requires_grad_()
    loss = (
        F.cross_entropy(F.linear((features - mean) / std, weight, bias), labels)
        + decay / 2 * weight.square().sum()
    )
    loss.backward()
    assert weight.grad.abs().max() < 1e-3 and bias.grad.abs().max() < 1e-3


def test_the_probe_does_not_depend_on_the_scale_of_features_or_on_chance():
    features, labels = clouds()
    torch.manual_seed(0)
    probe = fit_probe(features, labels, 3, 0.1)
    torch.manual_seed(1)
    assert torch.equal(probe.weight, fit_probe(features, labels, 3, 0.1).weight)
    larger = fit_probe(features * 8, labels, 3, 0.1)
    assert torch.allclose(larger(features * 8), probe(features), atol=1e-3)


def test_more_weight_decay_gives_smaller_weights():
    features, labels = clouds()
    std = features.std(dim=0, correction=0)
    sizes = [
        (fit_probe(features, labels, 3, decay).weight * std).norm().item()
        for decay in (0.001, 0.1, 10.0)
    ]
    assert sizes == sorted(sizes, reverse=True)


def test_one_image_of_each_class_is_enough():
    probe = fit_probe(torch.eye(3), torch.arange(3), 3, 0.01)
    assert probe(torch.eye(3)).argmax(dim=1).tolist() == [0, 1, 2]
    assert all(p.isfinite().all() for p in probe.parameters())


def test_parameter_groups():
    model = add_head(small_features(), 3)
    model.features[0].requires_grad_(False)
    groups = parameter_groups(model, 0.001, 0.1)
    assert [group["lr"] for group in groups] == [0.001, 0.1]
    assert [len(group["params"]) for group in groups] == [6, 2]
    optimizer = torch.optim.SGD(groups)
    before = [p.detach().clone() for p in model.parameters()]
    model(torch.rand(8, 3, 8, 8)).square().sum().backward()
    optimizer.step()
    moved = [not torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True)]
    assert moved[:2] == [False, False] and moved[-1]
    assert math.isclose(
        (model.classifier.bias - before[-1]).norm().item(),
        0.1 * model.classifier.bias.grad.norm().item(),
        rel_tol=1e-4,
    )
