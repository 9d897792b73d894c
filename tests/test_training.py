"""The training loop: numbers by hand, modes put back, and resuming as if nothing had happened."""

import random
from dataclasses import asdict

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import LambdaLR, OneCycleLR
from torch.utils.data import DataLoader, TensorDataset
from torchvision.transforms import v2

from course_utils import training
from course_utils.checkpoints import load_file
from course_utils.data import Split, Splits, make_loaders
from course_utils.lessons.lesson_09.clipping import clip_each_step
from course_utils.runtime import seed_everything
from course_utils.training import (
    History,
    Metrics,
    evaluate,
    evaluation_mode,
    fit,
    predict,
    train_one_epoch,
)
from tests.helpers import raises

CPU = torch.device("cpu")


def batches(*sizes, features=4, classes=3):
    generator = torch.Generator().manual_seed(len(sizes))
    return [
        (
            torch.randn(n, features, generator=generator),
            torch.randint(classes, (n,), generator=generator),
        )
        for n in sizes
    ]


def linear(seed=0):
    torch.manual_seed(seed)
    return nn.Linear(4, 3)


def clone(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def equal(left, right):
    """Whether nested values are equal bit for bit."""
    if isinstance(left, torch.Tensor):
        return torch.equal(left, right) and left.dtype == right.dtype
    if isinstance(left, dict):
        return list(left) == list(right) and all(equal(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(equal, left, right))
    return left == right


class Odd(nn.Module):
    """A network with layers whose mode shows, one of them frozen in evaluation mode."""

    def __init__(self):
        super().__init__()
        self.norm, self.frozen, self.drop, self.head = (
            nn.BatchNorm1d(4),
            nn.BatchNorm1d(4),
            nn.Dropout(),
            nn.Linear(4, 3),
        )
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
    model, twin, loader = linear(), linear(), batches(4, 4, 1)
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
    before = modes(model)
    with raises(ValueError, "the loader has no images: there is nothing to train on"):
        train_one_epoch(linear(), loader, SGD(model.parameters(), lr=0.1), CPU)
    with raises(ValueError, "the loader has no images: there is nothing to evaluate"):
        evaluate(model, loader, CPU)
    with raises(ValueError, "the loader has no images: there is nothing to predict"):
        predict(model, loader, CPU)
    assert modes(model) == before


# Evaluation


@pytest.mark.parametrize("measure", [evaluate, predict])
@pytest.mark.parametrize("start", [True, False])
def test_measuring_is_in_evaluation_mode_and_puts_each_layers_mode_back(measure, start):
    model = Odd()
    if not start:
        model.eval()
        model.drop.train()  # dropout at evaluation, as in Monte Carlo dropout
    before, weights = modes(model), clone(model)
    measure(model, batches(4, 2), CPU)
    assert model.seen == [(False, False, False, False)] * 2
    assert modes(model) == before
    assert equal(clone(model), weights)  # the running statistics among them
    assert all(parameter.grad is None for parameter in model.parameters())
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("measure", [evaluate, predict])
def test_modes_come_back_after_an_error(measure):
    model = Odd()
    before = modes(model)
    with pytest.raises(RuntimeError, match="5 elements not 4"):
        measure(model, [*batches(4), *batches(4, features=5)], CPU)
    assert modes(model) == before
    assert torch.is_grad_enabled()


def test_evaluation_mode_as_a_block():
    model = Odd()
    before = modes(model)
    with pytest.raises(KeyError), evaluation_mode(model):
        assert modes(model) == [False] * 5
        raise KeyError
    assert modes(model) == before


def test_evaluation_by_hand():
    model, loader = Odd(), batches(5, 3)
    images, labels = (torch.cat(part) for part in zip(*loader, strict=True))
    with evaluation_mode(model), torch.no_grad():
        logits = model(images)
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


def loaders(size=20, batch_size=8):
    images, labels = (torch.cat(part) for part in zip(*batches(size), strict=True))
    data = TensorDataset(images, labels)
    generator = torch.Generator().manual_seed(0)
    return DataLoader(data, batch_size, shuffle=True, generator=generator), DataLoader(
        data, batch_size
    )


def small_fit(model, epochs, **options):
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    return fit(model, *loaders(), optimizer=optimizer, epochs=epochs, device=CPU, **options)


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


# Resuming


def noisy(image):
    """Augmentation that draws from torch and from Python; at the module's level, since a worker may
    pickle it.
    """
    return image.roll(random.randrange(8), dims=2) + torch.randint_like(image, 50)


def images(number, augment=None):
    generator = torch.Generator().manual_seed(number)
    pixels = torch.randint(0, 200, (number, 3, 8, 8), generator=generator).to(torch.uint8)
    to_float = v2.ToDtype(torch.float32, scale=True)
    transform = v2.Compose([augment, to_float]) if augment else to_float
    return Split(pixels, torch.arange(number) % 3, transform)


def train(
    path,
    epochs,
    *,
    seed,
    optimizer,
    one_cycle,
    resume=False,
    num_workers=0,
    loss_fn=F.cross_entropy,
    **options,
):
    """One training with everything random in it, of which four epochs are the whole."""
    seed_everything(seed)
    model = nn.Sequential(
        nn.Flatten(),
        nn.Linear(192, 16),
        nn.BatchNorm1d(16),
        nn.ReLU(),
        nn.Dropout(),
        nn.Linear(16, 3),
    )
    splits = Splits(
        images(44, noisy), images(44), images(20), images(5), ("a", "b", "c"), (), (), "noise", True
    )
    loaders = make_loaders(splits, 16, num_workers=num_workers, seed=seed)
    optimizer = optimizer(model.parameters(), lr=0.01)
    scheduler = OneCycleLR(optimizer, 0.01, total_steps=4 * 3) if one_cycle else None
    history = fit(
        model, loaders.train, loaders.val, optimizer=optimizer, epochs=epochs, device=CPU, scheduler=scheduler,
        checkpoint=path, resume=resume, loss_fn=loss_fn, **options,
    )  # fmt: skip
    return clone(model), asdict(history), optimizer.state_dict(), torch.rand(3), random.random()


def momentum(parameters, lr):
    return SGD(parameters, lr=lr, momentum=0.9, nesterov=True)


@pytest.mark.parametrize(
    ("optimizer", "one_cycle", "num_workers"),
    [
        (momentum, False, 0),
        (momentum, True, 0),
        (AdamW, False, 0),
        (AdamW, True, 0),
        (AdamW, True, 2),
    ],
)
def test_a_resumed_training_equals_an_uninterrupted_one_bit_for_bit(
    tmp_path, optimizer, one_cycle, num_workers
):
    options = {"optimizer": optimizer, "one_cycle": one_cycle, "num_workers": num_workers}
    whole = train(tmp_path / "whole.pt", 4, seed=0, **options)
    train(tmp_path / "parts.pt", 2, seed=0, **options)
    resumed = train(
        tmp_path / "parts.pt", 4, seed=99, resume=True, **options
    )  # a new process: another state of chance
    assert all(map(equal, resumed, whole))
    assert equal(load_file(tmp_path / "parts.pt"), load_file(tmp_path / "whole.pt"))
    assert not equal(whole[0], train(None, 4, seed=99, **options)[0])


def test_a_training_that_was_stopped_within_an_epoch_resumes_from_the_last_whole_one(tmp_path):
    options, calls = {"optimizer": AdamW, "one_cycle": True, "keep_best": True}, []

    def stopped(logits, labels):
        calls.append(1)
        if len(calls) == 4 + 4 + 2:
            raise KeyboardInterrupt
        return F.cross_entropy(logits, labels)

    whole = train(tmp_path / "whole.pt", 4, seed=0, **options)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "parts.pt", 4, seed=0, loss_fn=stopped, **options)
    assert len(load_file(tmp_path / "parts.pt")["history"]["val_loss"]) == 2
    assert all(map(equal, train(tmp_path / "parts.pt", 4, seed=99, resume=True, **options), whole))


def test_a_complete_training_is_not_trained_further(tmp_path):
    model = linear()
    history = small_fit(model, 2, checkpoint=tmp_path / "x.pt")
    before = (tmp_path / "x.pt").read_bytes()
    other = linear(seed=1)
    assert asdict(small_fit(other, 2, checkpoint=tmp_path / "x.pt", resume=True)) == asdict(history)
    assert equal(clone(other), clone(model))
    assert (tmp_path / "x.pt").read_bytes() == before


def test_without_resume_a_training_starts_anew(tmp_path):
    first, second = linear(), linear()
    history = small_fit(first, 2, checkpoint=tmp_path / "x.pt")
    assert asdict(small_fit(second, 2, checkpoint=tmp_path / "x.pt")) == asdict(history)
    assert equal(clone(first), clone(second))


def test_resuming_without_a_file_starts_at_the_beginning(tmp_path):
    history = small_fit(linear(), 2, checkpoint=tmp_path / "new" / "x.pt", resume=True)
    assert asdict(history) == asdict(small_fit(linear(), 2))
    assert (tmp_path / "new" / "x.pt").exists()


def test_a_checkpoint_does_not_change_the_training(tmp_path):
    plain, saved = linear(), linear()
    assert asdict(small_fit(plain, 2)) == asdict(small_fit(saved, 2, checkpoint=tmp_path / "x.pt"))
    assert equal(clone(plain), clone(saved))


def test_the_best_weights_outlive_the_interruption(tmp_path, monkeypatch):
    seen, accuracies = [], iter([0.2, 0.9, 0.3])

    def fake(model, loader, device, *, loss_fn):
        seen.append(clone(model))
        return Metrics(1.0, next(accuracies))

    monkeypatch.setattr(training, "evaluate", fake)
    small_fit(linear(), 2, checkpoint=tmp_path / "x.pt", keep_best=True)
    model = linear(seed=1)
    history = small_fit(model, 3, checkpoint=tmp_path / "x.pt", keep_best=True, resume=True)
    assert history.val_accuracy == [0.2, 0.9, 0.3]
    assert equal(clone(model), seen[1])
    assert not equal(seen[1], seen[2])


def test_best_weights_that_were_not_kept_are_missed(tmp_path):
    small_fit(linear(), 1, checkpoint=tmp_path / "x.pt", keep_best=True)
    small_fit(
        linear(), 2, checkpoint=tmp_path / "x.pt", resume=True
    )  # from here on nobody looks for the best
    with raises(ValueError, "x.pt was written without keep_best: resume without it, or delete it"):
        small_fit(linear(), 3, checkpoint=tmp_path / "x.pt", resume=True, keep_best=True)


def test_a_checkpoint_of_more_epochs_is_refused(tmp_path):
    small_fit(linear(), 3, checkpoint=tmp_path / "x.pt")
    with raises(ValueError, "x.pt holds 3 epochs, more than epochs=2: raise it or delete the file"):
        small_fit(linear(), 2, checkpoint=tmp_path / "x.pt", resume=True)


def test_a_damaged_checkpoint_is_refused(tmp_path):
    path = tmp_path / "x.pt"
    small_fit(linear(), 1, checkpoint=path)
    path.write_bytes(path.read_bytes()[:-100])
    with raises(ValueError, "x.pt is damaged, or no file of tensors: delete it and train again"):
        small_fit(linear(), 2, checkpoint=path, resume=True)


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    small_fit(linear(), 1, checkpoint=tmp_path / "x.pt")
    other = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 3))
    with pytest.raises(
        ValueError, match=r"^x\.pt is of another training \(.*\): delete it or use another name$"
    ):
        small_fit(other, 2, checkpoint=tmp_path / "x.pt", resume=True)


def test_clip_each_step_scales_all_gradients_by_one_factor():
    first, second = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(1))
    unused = nn.Parameter(torch.ones(1))
    optimizer = SGD([{"params": [first, unused]}, {"params": [second], "lr": 10.0}], lr=1.0)
    clip_each_step(optimizer, 1.0)
    first.grad, second.grad = torch.tensor([3.0, 0.0]), torch.tensor([4.0])
    optimizer.step()
    assert torch.cat([first, second]).tolist() == pytest.approx([-0.6, 0.0, -8.0], abs=1e-5)
    first.grad, second.grad = (
        torch.tensor([0.0, 0.3]),
        torch.tensor([0.0]),
    )  # below the limit: as it is
    optimizer.step()
    assert first.tolist() == pytest.approx([-0.6, -0.3], abs=1e-5)
    assert unused.item() == 1.0


def test_clip_each_step_bounds_every_step_of_a_training():
    seed_everything(0)
    model = nn.Linear(4, 3)
    optimizer = SGD(model.parameters(), lr=1.0)
    clip_each_step(optimizer, 0.01)
    before = torch.cat([p.detach().flatten().clone() for p in model.parameters()])
    train_one_epoch(
        model, [(1000 * images, labels) for images, labels in batches(8)], optimizer, CPU
    )
    after = torch.cat([p.detach().flatten() for p in model.parameters()])
    assert (after - before).norm().item() == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize("limit", [0, -1.0, float("nan")])
def test_clip_each_step_refuses(limit):
    with raises(ValueError, f"max_norm is {limit}: give a number above 0"):
        clip_each_step(SGD([nn.Parameter(torch.zeros(1))], lr=1.0), limit)
