"""A training that was interrupted goes on as if nothing had happened."""

import random
from dataclasses import asdict

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import OneCycleLR
from torchvision.transforms import v2

from course_utils import training
from course_utils.checkpoints import load_file
from course_utils.data import Split, Splits, make_loaders
from course_utils.runtime import seed_everything
from course_utils.training import (
    Metrics,
    fit,
)
from tests.helpers import raises
from tests.trainings import CPU, clone, equal, linear, small_fit


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
