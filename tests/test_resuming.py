"""A training that was interrupted goes on as if nothing had happened."""

import random
from dataclasses import asdict

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LinearLR,
    OneCycleLR,
    PolynomialLR,
    SequentialLR,
    StepLR,
)
from torch.utils.data import DataLoader, Subset, TensorDataset
from torchvision.transforms import v2

from course_utils import training
from course_utils.checkpoints import checksum, load_file
from course_utils.data import Arrows, PictureFolder, Split, Splits, make_loaders
from course_utils.runtime import seed_everything
from course_utils.training import (
    Metrics,
    fit,
)
from tests.helpers import raises
from tests.trainings import CPU, clone, equal, linear, loaders, small_fit


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


def resume(path, epochs, *, schedule=None, lr=0.1, size=20, batch_size=8, keep=True, **options):
    """A training of 3 batches an epoch (20 images, 8 at a time), resumed if `path` exists."""
    model = linear()
    optimizer = SGD(model.parameters(), lr=lr, **options)
    scheduler = schedule(optimizer) if schedule else None
    return fit(
        model, *loaders(size, batch_size), optimizer=optimizer, epochs=epochs, device=CPU,
        scheduler=scheduler, checkpoint=path, resume=keep,
    )  # fmt: skip


SHORT = {
    "OneCycleLR": lambda optimizer: OneCycleLR(optimizer, 0.1, total_steps=6),
    "LinearLR": lambda optimizer: LinearLR(optimizer, 1.0, 0.0, total_iters=6),
    "CosineAnnealingLR": lambda optimizer: CosineAnnealingLR(optimizer, T_max=6),
    "PolynomialLR": lambda optimizer: PolynomialLR(optimizer, total_iters=6),
    "SequentialLR": lambda optimizer: SequentialLR(
        optimizer,
        [ConstantLR(optimizer, total_iters=2), CosineAnnealingLR(optimizer, T_max=4)],
        milestones=[2],
    ),
}


# SequentialLR's own making, and in torch 2.6 a second one
@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step:UserWarning")
@pytest.mark.filterwarnings("ignore:The epoch parameter in .scheduler.step:UserWarning")
@pytest.mark.parametrize("resumed", [True, False])
@pytest.mark.parametrize("name", SHORT)
def test_more_epochs_than_the_schedule_has_are_refused(tmp_path, name, resumed):
    path = tmp_path / "x.pt"
    if resumed:
        resume(path, 2, schedule=SHORT[name])
    before = path.read_bytes() if resumed else None
    message = f"{name} ends after 6 steps, but 4 epochs of 3 batches take 12: make it as long"
    with raises(ValueError, message):
        resume(path, 4, schedule=SHORT[name])
    assert (path.read_bytes() if path.exists() else None) == before


@pytest.mark.parametrize(
    "schedule",
    [
        None,
        lambda optimizer: StepLR(optimizer, 2, 0.5),
        lambda optimizer: LinearLR(optimizer, 0.1, 1.0, total_iters=2),  # a warm-up
    ],
)
def test_more_epochs_go_on_where_no_schedule_ends(tmp_path, schedule):
    resume(tmp_path / "parts.pt", 2, schedule=schedule)
    resumed = resume(tmp_path / "parts.pt", 4, schedule=schedule)
    assert asdict(resumed) == asdict(resume(tmp_path / "whole.pt", 4, schedule=schedule))


LONG = {
    "total_steps of OneCycleLR 6, not 12": lambda n: (
        lambda optimizer: OneCycleLR(optimizer, 0.1, total_steps=3 * n)
    ),
    "total_iters of LinearLR 6, not 12": lambda n: (
        lambda optimizer: LinearLR(optimizer, 1.0, 0.0, total_iters=3 * n)
    ),
    "T_max of CosineAnnealingLR 6, not 12": lambda n: (
        lambda optimizer: CosineAnnealingLR(optimizer, T_max=3 * n)
    ),
    "gamma of StepLR 0.5, not 0.25": lambda n: lambda optimizer: StepLR(optimizer, 9, 1 / n),
}


@pytest.mark.parametrize("change", LONG)
def test_another_schedule_is_refused(tmp_path, change):
    resume(tmp_path / "x.pt", 2, schedule=LONG[change](2))
    message = f"x.pt is of another training ({change}): delete it or use another name"
    with raises(ValueError, message):
        resume(tmp_path / "x.pt", 4, schedule=LONG[change](4))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lr": 0.2}, "lr 0.1, not 0.2"),
        ({"weight_decay": 0.01}, "weight_decay 0, not 0.01"),
        ({"momentum": 0.9}, "momentum 0, not 0.9"),
        ({"batch_size": 4}, "batch_size 8, not 4"),
        ({"size": 24}, "training images 20, not 24"),
    ],
)
def test_another_rate_batch_size_or_number_of_images_is_refused(tmp_path, change, said):
    resume(tmp_path / "x.pt", 2)
    message = f"x.pt is of another training ({said}): delete it or use another name"
    with raises(ValueError, message):
        resume(tmp_path / "x.pt", 4, **change)


def test_other_images_are_refused_and_the_model_stays_as_it_was(tmp_path):
    small_fit(linear(), 2, checkpoint=tmp_path / "x.pt")
    train, val = loaders()
    train.dataset.tensors[0][3, 1] += 1
    model = linear()
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    options = {"optimizer": optimizer, "epochs": 3, "device": CPU, "resume": True}
    with pytest.raises(ValueError, match=r"\(checksum of the training images \d+, not \d+\)"):
        fit(model, train, val, checkpoint=tmp_path / "x.pt", **options)
    assert equal(clone(model), clone(linear()))


def test_a_checksum_tells_data_sets_apart_by_images_labels_choice_and_names(make_folder):
    pixels, labels = torch.zeros(4, 3, 2, 2, dtype=torch.uint8), torch.arange(4)
    one = pixels.clone()
    one[0, 0, 0, 0] = 1
    folder = PictureFolder(make_folder({"a": {"cat": 2, "dog": 2}}) / "a")
    data_sets = [
        TensorDataset(pixels, labels), TensorDataset(one, labels), TensorDataset(pixels, labels + 1),
        Split(one, labels + 2), Subset(Split(one, labels), [0, 1]),
        Subset(Split(one, labels), [1, 0]), Subset(Split(pixels, labels), [1, 0]),
        folder, folder.subset([0, 1]), Arrows(train=False), Arrows(train=True),
    ]  # fmt: skip
    sums = [checksum(each) for each in data_sets]
    assert len(set(sums)) == len(sums)
    assert sums == [checksum(each) for each in data_sets]


def test_checkpoints_without_settings_still_resume(tmp_path):
    whole = small_fit(linear(), 3)
    small_fit(linear(), 2, checkpoint=tmp_path / "x.pt")
    values = load_file(tmp_path / "x.pt")
    del values["settings"]
    torch.save(values, tmp_path / "x.pt")
    resumed = small_fit(linear(), 3, checkpoint=tmp_path / "x.pt", resume=True)
    assert asdict(resumed) == asdict(whole)


def test_a_loader_of_a_data_set_of_an_unknown_kind_resumes_too(tmp_path):
    train, val = loaders()
    items = list(train.dataset)
    train = DataLoader(items, 8, shuffle=True, generator=torch.Generator().manual_seed(0))
    model = linear()
    options = {"device": CPU, "checkpoint": tmp_path / "x.pt", "resume": True}
    for epochs in (1, 2):
        optimizer = SGD(model.parameters(), lr=0.1)
        history = fit(model, train, val, optimizer=optimizer, epochs=epochs, **options)
    assert len(history.val_loss) == 2
