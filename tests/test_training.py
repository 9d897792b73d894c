"""The training loop: numbers by hand, and modes put back."""

from dataclasses import asdict

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import SGD
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset

from course_utils import training
from course_utils.checkpoints import load_file
from course_utils.training import (
    History,
    Metrics,
    evaluate,
    fit,
    predict,
    train_one_epoch,
)
from tests.helpers import raises
from tests.trainings import CPU, batches, clone, equal, linear, loaders, small_fit


class Odd(nn.Module):
    """A network with layers whose mode shows, one of them frozen in evaluation mode."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.frozen = nn.BatchNorm1d(4)
        self.drop = nn.Dropout()
        self.head = nn.Linear(4, 3)
        self.frozen.eval()
        self.seen = []

    def forward(self, images):
        self.seen.append(
            (self.training, self.norm.training, self.drop.training, torch.is_grad_enabled())
        )
        return self.head(self.drop(self.frozen(self.norm(images))))


def modes(model):
    return [module.training for module in model.modules()]


# One epoch


def test_one_step_is_the_step_by_hand():
    model, [(images, labels)] = linear(), batches(5)
    weight, bias = model.weight.detach().clone(), model.bias.detach().clone()
    logits = images @ weight.T + bias
    error = (logits.softmax(1) - F.one_hot(labels, 3)) / 5
    metrics = train_one_epoch(model, [(images, labels)], SGD(model.parameters(), lr=0.3), CPU)
    assert torch.allclose(model.weight, weight - 0.3 * error.T @ images, atol=1e-6)
    assert torch.allclose(model.bias, bias - 0.3 * error.sum(0), atol=1e-6)
    assert metrics.loss == pytest.approx(
        -logits.log_softmax(1)[range(5), labels].mean().item()
    )  # before the step
    assert metrics.accuracy == (logits.argmax(1) == labels).sum().item() / 5
    assert all(type(value) is float for value in metrics)


def test_an_epoch_is_one_step_a_batch_each_from_a_fresh_gradient():
    model = linear()
    twin = linear()
    loader = batches(4, 4, 1)
    optimizer = SGD(twin.parameters(), lr=0.3)
    for images, labels in loader:
        optimizer.zero_grad()
        F.cross_entropy(twin(images), labels).backward()
        optimizer.step()
    train_one_epoch(model, loader, SGD(model.parameters(), lr=0.3), CPU)
    assert equal(clone(model), clone(twin))


def test_means_are_over_examples_not_over_batches():
    model, loader = linear(), batches(6, 1)
    images, labels = (torch.cat(part) for part in zip(*loader, strict=True))
    logits = model(images)
    loss, accuracy = (
        F.cross_entropy(logits, labels).item(),
        (logits.argmax(1) == labels).float().mean().item(),
    )
    of_batches = [F.cross_entropy(model(x), y).item() for x, y in loader]
    assert abs(sum(of_batches) / 2 - loss) > 0.01
    for metrics in (
        train_one_epoch(model, loader, SGD(model.parameters(), lr=0), CPU),
        evaluate(model, loader, CPU),
    ):
        assert metrics.loss == pytest.approx(loss)
        assert metrics.accuracy == pytest.approx(accuracy)


def test_another_loss_function():
    model, loader = linear(), batches(6, 2)
    images, labels = (torch.cat(part) for part in zip(*loader, strict=True))

    def squared(logits, labels):
        return (logits - F.one_hot(labels, 3)).square().mean()

    expected = squared(model(images), labels).item()
    assert evaluate(model, loader, CPU, loss_fn=squared).loss == pytest.approx(expected)
    optimizer = SGD(model.parameters(), lr=0)
    assert train_one_epoch(model, loader, optimizer, CPU, loss_fn=squared).loss == pytest.approx(
        expected
    )


def test_a_scheduler_steps_after_each_batch():
    model, rates = linear(), []
    optimizer = SGD(model.parameters(), lr=1.0)
    scheduler = LambdaLR(optimizer, lambda step: 0.5**step)
    optimizer.register_step_pre_hook(
        lambda optimizer, *_: rates.append(optimizer.param_groups[0]["lr"])
    )
    train_one_epoch(model, batches(2, 2, 1), optimizer, CPU, scheduler=scheduler)
    assert rates == [1.0, 0.5, 0.25]
    assert optimizer.param_groups[0]["lr"] == 0.125


def test_training_sets_training_mode():
    model = Odd().eval()
    train_one_epoch(model, batches(4, 4), SGD(model.parameters(), lr=0.1), CPU)
    assert model.seen == [(True, True, True, True)] * 2
    assert modes(model) == [True] * 5


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stops_before_its_step(value):
    model, loader = linear(), batches(4, 4, 4)
    loader[1][0][2] = value
    after_one_step = linear()
    train_one_epoch(
        after_one_step, loader[:1], SGD(after_one_step.parameters(), lr=1e-6, momentum=0.9), CPU
    )
    optimizer = SGD(model.parameters(), lr=1e-6, momentum=0.9)
    with raises(FloatingPointError, "the loss is nan at step 2: try a smaller learning rate"):
        train_one_epoch(model, loader, optimizer, CPU)
    assert equal(clone(model), clone(after_one_step))


@pytest.mark.parametrize(
    "loader", [[], DataLoader(TensorDataset(torch.zeros(0, 4), torch.zeros(0).long()))]
)
def test_an_empty_loader_is_refused(loader):
    model = Odd()
    with raises(ValueError, "the loader has no images: there is nothing to train on"):
        train_one_epoch(linear(), loader, SGD(model.parameters(), lr=0.1), CPU)
    with raises(ValueError, "the loader has no images: there is nothing to evaluate"):
        evaluate(model, loader, CPU)
    with raises(ValueError, "the loader has no images: there is nothing to predict"):
        predict(model, loader, CPU)


# Evaluation


@pytest.mark.parametrize("measure", [evaluate, predict])
def test_measuring_is_in_evaluation_mode_and_changes_nothing_else(measure):
    model = Odd()
    weights = clone(model)
    measure(model, batches(4, 2), CPU)
    assert model.seen == [(False, False, False, False)] * 2
    assert modes(model) == [False] * 5
    assert equal(clone(model), weights)  # the running statistics among them
    assert all(parameter.grad is None for parameter in model.parameters())
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("measure", [evaluate, predict])
def test_gradients_are_recorded_again_after_an_error(measure):
    with pytest.raises(RuntimeError, match="5 elements not 4"):
        measure(Odd(), [*batches(4), *batches(4, features=5)], CPU)
    assert torch.is_grad_enabled()


def test_evaluation_by_hand():
    model, loader = Odd(), batches(5, 3)
    images, labels = (torch.cat(part) for part in zip(*loader, strict=True))
    with torch.no_grad():
        logits = model.eval()(images)
    metrics = evaluate(model, loader, CPU)
    assert isinstance(metrics, Metrics)
    assert metrics.loss == pytest.approx(F.cross_entropy(logits, labels).item())
    assert metrics.accuracy == pytest.approx((logits.argmax(1) == labels).float().mean().item())
    found, found_labels = predict(model, loader, CPU)
    assert torch.allclose(found, logits, atol=1e-6)
    assert torch.equal(found_labels, labels)
    assert not found.requires_grad


def test_perfect_and_hopeless_predictions():
    labels = torch.tensor([0, 1, 2, 1])
    logits = F.one_hot(labels, 3) * 100.0
    assert evaluate(nn.Identity(), [(logits, labels)], CPU) == Metrics(0.0, 1.0)
    assert evaluate(nn.Identity(), [(-logits, labels)], CPU).accuracy == 0.0


# fit


def test_fit_is_epochs_of_training_and_evaluation():
    model, twin = linear(), linear()
    history = small_fit(model, 3)
    optimizer = SGD(twin.parameters(), lr=0.1, momentum=0.9)
    train, val = loaders()
    expected = History()
    for _ in range(3):
        expected.append(train_one_epoch(twin, train, optimizer, CPU), evaluate(twin, val, CPU))
    assert asdict(history) == asdict(expected)
    assert [len(values) for values in asdict(history).values()] == [3] * 4
    assert equal(clone(model), clone(twin))
    assert history.train_loss[-1] < history.train_loss[0]


def test_fit_passes_the_loss_function_and_the_scheduler_on():
    model, calls = linear(), []

    def loss_fn(logits, labels):
        calls.append(len(labels))
        return F.cross_entropy(logits, labels)

    optimizer = SGD(model.parameters(), lr=1.0)
    scheduler = LambdaLR(optimizer, lambda step: 1.0)
    fit(
        model,
        *loaders(),
        optimizer=optimizer,
        epochs=2,
        device=CPU,
        loss_fn=loss_fn,
        scheduler=scheduler,
    )
    assert calls == [8, 8, 4] * 4  # training and validation, twice
    assert scheduler.last_epoch == 6


def test_best_epoch_is_the_first_of_the_best():
    assert History(val_accuracy=[0.1, 0.5, 0.3, 0.5]).best_epoch == 2
    assert History(val_accuracy=[0.0]).best_epoch == 1


@pytest.mark.parametrize("keep_best", [True, False])
def test_keep_best_ends_with_the_best_weights(monkeypatch, keep_best):
    accuracies, seen = iter([0.1, 0.5, 0.3, 0.5]), []

    def fake(model, loader, device, *, loss_fn):
        seen.append(clone(model))
        return Metrics(1.0, next(accuracies))

    monkeypatch.setattr(training, "evaluate", fake)
    model = linear()
    history = small_fit(model, 4, keep_best=keep_best)
    assert history.best_epoch == 2
    assert not equal(seen[1], seen[3])
    assert equal(clone(model), seen[1 if keep_best else 3])


@pytest.mark.parametrize("epochs", [0, -1])
def test_fit_wants_an_epoch(epochs):
    with raises(ValueError, f"epochs is {epochs}: give at least 1"):
        small_fit(linear(), epochs)


def test_resuming_wants_a_checkpoint():
    with raises(ValueError, "resume=True needs a checkpoint: give the file to go on from"):
        small_fit(linear(), 1, resume=True)


def test_a_loss_that_is_no_number_names_epoch_and_step(tmp_path):
    calls = []

    def loss_fn(logits, labels):
        calls.append(1)
        return F.cross_entropy(logits, labels) * (float("inf") if len(calls) == 3 + 3 + 2 else 1)

    with raises(
        FloatingPointError, "epoch 2: the loss is inf at step 2: try a smaller learning rate"
    ):
        small_fit(linear(), 3, loss_fn=loss_fn, checkpoint=tmp_path / "x.pt")
    assert len(load_file(tmp_path / "x.pt")["history"]["val_loss"]) == 1


def test_fit_refuses_empty_loaders():
    empty, model = DataLoader(TensorDataset(torch.zeros(0, 4), torch.zeros(0).long())), linear()
    train, val = loaders()
    options = {"optimizer": SGD(model.parameters(), lr=0.1), "epochs": 1, "device": CPU}
    with raises(ValueError, "the loader has no images: there is nothing to train on"):
        fit(model, empty, val, **options)
    with raises(ValueError, "the loader has no images: there is nothing to evaluate"):
        fit(model, train, empty, **options)
