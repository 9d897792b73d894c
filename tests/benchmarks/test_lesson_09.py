"""Lesson 09's benchmark: equal costs, the best rate, clipping."""

import pytest
import torch
from torch import nn
from torch.optim import SGD

from benchmarks.lesson_09 import rows
from benchmarks.lesson_09.rows import Plan, Reordered, clip_each_step, permuted

TINY = Plan(
    seeds=(0, 1),
    batch_size=10,
    images=20,
    epochs=1,
    blanks=(0, 28),
    gradient_images=4,
    pairs=(("attention", "rows"), ("LSTM", "permuted")),
)


def test_networks_cost_the_same():
    costs = rows.costs().values()
    assert all(one["multiply_adds"] == pytest.approx(3_671_296, rel=0.01) for one in costs)
    assert all(one["parameters"] == pytest.approx(117_002, rel=0.06) for one in costs)


def test_each_network_is_trained_at_the_best_of_its_rates(make_run):
    found = rows.search(make_run(), TINY)["search"]
    assert set(found["LSTM"]) == {"permuted"}
    assert set(found["LSTM"]["permuted"]["val_accuracy"]) == {"0.001", "0.003", "0.01"}
    assert set(found["attention"]["rows"]["val_accuracy"]) == {"0.0003", "0.001", "0.003"}
    earlier = {"LSTM": {"permuted": {"rate": 1e-2}}, "attention": {"rows": {"rate": 1e-3}}}
    trained = rows.training(make_run(search=earlier), TINY)["training"]
    assert trained["LSTM"]["permuted"]["rate"] == 1e-2
    of_attention = trained["attention"]["rows"]
    assert len(of_attention["test_accuracy"]) == 2
    assert [len(of_seed) for of_seed in of_attention["blanked_accuracy"]] == [2, 2]
    assert len(of_attention["row_gradients_end"][0]) == 32


def test_permuted_is_one_order_for_all_images_and_channels():
    images = torch.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    found = permuted(images)
    assert found.shape == images.shape and not torch.equal(found, images)
    assert torch.equal(found.flatten(2).sort(dim=2).values, images.flatten(2))  # the same pixels
    assert torch.equal(found[0, 0] + 20, found[0, 1])
    assert torch.equal(found[0] + 60, found[1])
    assert torch.equal(permuted(images), found)


def test_a_reordered_network_gets_its_images_so():
    images = torch.randn(2, 3, 4, 4)
    assert torch.equal(Reordered(nn.Flatten(), "rows")(images), images.flatten(1))
    assert torch.equal(Reordered(nn.Flatten(), "permuted")(images), permuted(images).flatten(1))


def test_clipping_scales_all_gradients_by_one_factor():
    first, second = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(1))
    unused = nn.Parameter(torch.ones(1))
    optimizer = SGD([{"params": [first, unused]}, {"params": [second], "lr": 10.0}], lr=1.0)
    clip_each_step(optimizer, 1.0)
    first.grad, second.grad = torch.tensor([3.0, 0.0]), torch.tensor([4.0])
    optimizer.step()
    assert torch.cat([first, second]).tolist() == pytest.approx([-0.6, 0.0, -8.0], abs=1e-5)
    first.grad, second.grad = torch.tensor([0.0, 0.3]), torch.tensor([0.0])
    optimizer.step()  # below the limit: as it is
    assert first.tolist() == pytest.approx([-0.6, -0.3], abs=1e-5)
    assert unused.item() == 1.0
