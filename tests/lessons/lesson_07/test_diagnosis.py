"""`sanity_check` finds each fault that is planted in model or training, and nothing in healthy
code.
"""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader

from course_utils.data import make_loaders
from course_utils.lessons.lesson_07.broken import (
    ForgetfulAdam,
    NeverEval,
    softmax_first,
    with_augment,
)
from course_utils.lessons.lesson_07.diagnosis import overfit_one_batch, sanity_check
from course_utils.models import ResNet
from course_utils.training import train_one_epoch
from tests.helpers import raises
from tests.lessons.lesson_07.diagnosis_helpers import (
    CROP_FLIP,
    data_alone,
    make_splits,
    names,
    part,
    tiny,
)


@pytest.fixture
def few_steps(monkeypatch):
    """For tests of something else than the steps themselves."""
    monkeypatch.setattr("course_utils.lessons.lesson_07.diagnosis.STEPS", 40)
    monkeypatch.setattr("course_utils.lessons.lesson_07.diagnosis.FIRST_STEPS", 5)


def frozen():
    model = tiny()
    model.features.requires_grad_(False)
    return model


HEALTHY = {
    "with batch norm": tiny,
    "without": partial(tiny, batch_norm=False),
    "residual": partial(ResNet, depth=8, width=4, num_classes=3),
    "with dropout": lambda: nn.Sequential(
        tiny().features, nn.Flatten(), nn.Dropout(0.5), nn.Linear(128, 3)
    ),
    "frozen": frozen,
}


@pytest.mark.parametrize("name", HEALTHY)
def test_silent_on_healthy_code(splits, name):
    torch.manual_seed(0)
    assert names(splits, HEALTHY[name]()) == []


def test_silent_on_crops_and_flips_and_on_other_optimizers(splits):
    model = tiny()
    sgd = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    smooth = partial(F.cross_entropy, label_smoothing=0.1)
    assert names(with_augment(splits, CROP_FLIP), model, optimizer=sgd, loss_fn=smooth) == []


def test_silent_on_a_trained_model(splits):
    model = tiny()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    for _ in range(3):
        train_one_epoch(model, make_loaders(splits, 32).train, optimizer, torch.device("cpu"))
    assert names(splits, model, optimizer=optimizer) == []


@pytest.mark.usefixtures("few_steps")
def test_nothing_is_changed(splits):
    model = tiny()
    model.features.eval()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    loaders = make_loaders(splits, 32)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state, generator = torch.get_rng_state(), loaders.train.generator.get_state()
    sanity_check(model, loaders, optimizer=optimizer)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(loaders.train.generator.get_state(), generator)
    assert model.training and not model.features.training and not model.features[0][0].training
    assert all(p.grad is None for p in model.parameters()) and not optimizer.state


def loop(
    model, batches, optimizer, device, *, loss_fn, mode=True, clear=lambda optimizer: None, every=1
):
    """A training loop of somebody's own: how it clears gradients, in which mode, and how often it
    takes a step.
    """
    model.train(mode)
    for number, (images, labels) in enumerate(batches, start=1):
        (loss_fn(model(images), labels) / every).backward()
        if number % every == 0:
            optimizer.step()
            clear(optimizer)


def by_hand(optimizer):
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = None


ZERO = torch.optim.Optimizer.zero_grad


@pytest.mark.usefixtures("few_steps")
@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({}, ["gradients kept"]),
        ({"clear": ZERO}, []),
        ({"clear": partial(ZERO, set_to_none=False)}, []),
        ({"clear": by_hand}, []),
        ({"clear": ZERO, "every": 2}, []),  # gradients of two batches added on purpose
        ({"clear": ZERO, "mode": False}, ["trains in evaluation mode"]),
    ],
)
def test_loop(splits, options, found):
    assert names(splits, train_epoch=partial(loop, **options)) == found


def test_an_optimizer_that_forgets(splits):
    model = tiny()
    assert names(splits, model, optimizer=ForgetfulAdam(model.parameters(), lr=0.001)) == [
        "gradients kept"
    ]


@pytest.mark.usefixtures("few_steps")
def test_softmax(splits):
    assert names(splits, loss_fn=softmax_first) == ["softmax in the loss"]
    assert names(splits, nn.Sequential(tiny(), nn.Softmax(dim=1))) == ["not logits"]
    assert names(splits, nn.Sequential(tiny(), nn.LogSoftmax(dim=1))) == []  # harmless


@pytest.mark.usefixtures("few_steps")
@pytest.mark.parametrize(
    ("kind", "rate", "found"),
    [(torch.optim.Adam, 0.1, "rate too high"), (torch.optim.SGD, 1e-9, "does not learn")],
)
def test_rate(splits, kind, rate, found):
    model = tiny()
    assert names(splits, model, optimizer=kind(model.parameters(), lr=rate)) == [found]


@pytest.mark.usefixtures("few_steps")
def test_dead_relus_and_one_answer(splits):
    model = tiny(batch_norm=False)
    nn.init.constant_(model.features[1][0].bias, -100)
    assert names(splits, model) == ["one answer", "dead ReLUs", "no gradient", "does not learn"]


class AlwaysDropout(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = tiny()

    def forward(self, images):
        return F.dropout(self.model(images), 0.5)  # training=self.training is missing


def test_evaluation_mode(splits):
    assert data_alone(splits, NeverEval(tiny())) == ["depends on neighbours"]
    assert data_alone(splits, AlwaysDropout()) == ["random in evaluation"]


def test_an_optimizer_of_another_model(splits):
    optimizer = torch.optim.Adam(tiny().parameters(), lr=0.001)
    assert names(splits, optimizer=optimizer) == ["other parameters"]
    assert data_alone(splits, optimizer=optimizer) == []


@pytest.mark.usefixtures("few_steps")
def test_few_images_in_odd_batches():
    assert names(make_loaders(make_splits(part(33, 0), part(33, 1), part(33, 2)), 8)) == []


class Unused(nn.Module):
    def __init__(self):
        super().__init__()
        self.model, self.unused = tiny(), nn.Linear(2, 2)

    def forward(self, images):
        return self.model(images)


def test_an_unused_layer(splits):
    assert data_alone(splits, Unused()) == ["no gradient"]


def test_too_few_outputs_and_empty_loaders(splits):
    assert names(splits, tiny(2)) == ["too few outputs"]
    empty = make_loaders(splits, 32)._replace(val=DataLoader([], 32))
    with raises(ValueError, "the val loader has no images: there is nothing to check"):
        sanity_check(tiny(), empty)


def test_overfit_one_batch_stops_where_the_loss_is_no_number():
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 2))
    images, labels = torch.rand(4, 3, 2, 2), torch.tensor([0, 1, 0, 1])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    losses = overfit_one_batch(model, optimizer, images, labels, 30)
    assert len(losses) == 30 and losses[-1] < losses[0]
    losses = overfit_one_batch(model, optimizer, images / 0, labels, 30)
    assert len(losses) == 1
