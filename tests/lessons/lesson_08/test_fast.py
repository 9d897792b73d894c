"""The fast recipe: its parts, that a training repeats itself, and its command line."""

from dataclasses import replace

import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from torch import nn
from torch.nn.functional import gelu, max_pool2d

from course_utils.cli.fast import fast
from course_utils.data import load_splits
from course_utils.lessons.lesson_08.augmentation import augment
from course_utils.lessons.lesson_08.fast import Recipe, Training, one_cycle
from course_utils.lessons.lesson_08.mirrored import Mirrored
from course_utils.lessons.lesson_08.network import ConvGroup, FastNet, whitening_filters
from tests.helpers import raises

CPU = torch.device("cpu")
SMALL = Recipe(
    widths=(16, 16, 24), epochs=2, batch_size=50, learning_rate=0.2, muon_rate=0.0, small_size=0
)


@pytest.fixture(scope="module")
def splits():
    return load_splits("shapes", train_size=120)


def numbered_images(number=6, side=8):
    """(N, side, side, 3), every pixel of an image different, none the same in two images."""
    return torch.arange(number * side * side * 3).view(number, side, side, 3)


def test_whitened_patches_are_uncorrelated_with_variance_1():
    images = torch.rand(40, 3, 9, 9) * torch.tensor([1.0, 3.0, 0.5]).view(3, 1, 1)
    filters = whitening_filters(images)
    assert filters.shape == (24, 3, 2, 2) and torch.equal(filters[:12], -filters[12:])
    outputs = nn.functional.conv2d(images, filters[:12]).transpose(0, 1).flatten(1)
    assert torch.allclose(outputs @ outputs.T / outputs.shape[1], torch.eye(12), atol=0.05)


def test_whitening_of_constant_images_is_finite():
    assert whitening_filters(torch.zeros(2, 3, 8, 8)).isfinite().all()


def test_whitening_of_grey_images_whitens_what_varies():
    images = torch.rand(40, 1, 9, 9).expand(-1, 3, -1, -1)  # covariance of rank 4
    outputs = nn.functional.conv2d(images, whitening_filters(images)[:12]).transpose(0, 1)
    outputs = outputs.flatten(1)
    covariance = outputs @ outputs.T / outputs.shape[1]
    # eigh sorts by variance: 8 directions in which nothing varies, then 4 that are whitened
    expected = torch.diag(torch.tensor([0.0] * 8 + [1.0] * 4))
    assert torch.allclose(covariance, expected, atol=0.05)


def test_augment_without_shift_only_mirrors():
    images, mirrored = numbered_images(), torch.tensor([True, False, False, True, False, True])
    out = augment(images, mirrored, 0)
    assert torch.equal(out[mirrored], images[mirrored].flip(2)) and torch.equal(
        out[~mirrored], images[~mirrored]
    )


def test_augment_gives_windows_of_the_reflected_image():
    images = numbered_images(200, 6)
    out = augment(images, torch.zeros(200, dtype=torch.bool), 2, torch.Generator().manual_seed(0))
    padded = nn.functional.pad(
        images.permute(0, 3, 1, 2).double(), (2, 2, 2, 2), mode="reflect"
    ).permute(0, 2, 3, 1)
    places = set()
    for one, window in zip(padded, out, strict=True):
        fits = [
            (top, left)
            for top in range(5)
            for left in range(5)
            if torch.equal(one[top : top + 6, left : left + 6], window.double())
        ]
        assert len(fits) == 1
        places.update(fits)
    assert len(places) == 25


def test_augment_leaves_the_originals_and_follows_its_generator():
    images, mirrored = numbered_images(), torch.ones(6, dtype=torch.bool)
    before = images.clone()
    first, second = (
        augment(images, mirrored, 3, torch.Generator().manual_seed(5)) for _ in range(2)
    )
    assert (
        torch.equal(first, second) and torch.equal(images, before) and first.dtype == images.dtype
    )


def test_one_cycle_rises_for_a_fifth_and_falls_to_0():
    shares = [one_cycle(step, 50) for step in range(51)]
    assert shares[0] == 0.2 and shares[50] == 0
    assert shares[5] == pytest.approx(0.6) and shares[30] == pytest.approx(0.5)
    assert max(shares) == shares[10] == pytest.approx(1)


def test_network_passes_colours_on_at_first():
    net = FastNet((24, 24, 24))
    convs = [layer for layer in net.groups.modules() if isinstance(layer, nn.Conv2d)]
    maps = torch.randn(2, 24, 5, 5)
    assert len(convs) == 6 and all(torch.equal(conv(maps), maps) for conv in convs)


@pytest.mark.parametrize("side", [17, 32, 40])
def test_network_takes_any_size_and_keeps_batch_norm_weights(side):
    net = FastNet((8, 8, 8), num_classes=7)
    assert net(torch.randn(2, 3, side, side)).shape == (2, 7)
    assert not any(
        layer.weight.requires_grad for layer in net.modules() if isinstance(layer, nn.BatchNorm2d)
    )


def test_a_group_is_two_convolutions_or_three_with_a_skip():
    torch.manual_seed(0)
    maps = torch.randn(2, 8, 6, 6)
    for skip in (False, True):
        group = ConvGroup(8, 12, skip=skip).eval()
        convs = [layer for layer in group.modules() if isinstance(layer, nn.Conv2d)]
        for conv in convs:
            conv.reset_parameters()  # no identity, which a skip could hide behind
        pooled = gelu(group.norm1(max_pool2d(group.conv1(maps), 2)))
        branch = group.norm2(group.conv2(pooled))
        if skip:
            branch = pooled + group.norm3(group.conv3(gelu(branch)))
        assert torch.allclose(group(maps), gelu(branch), atol=1e-6)
        assert len(convs) == 2 + skip


def test_the_network_is_its_parts():
    torch.manual_seed(0)
    net, images = FastNet((8, 12), skips=True).eval(), torch.randn(2, 3, 16, 16)
    maps = net.groups[1](net.groups[0](gelu(net.whiten(images))))
    assert torch.allclose(net(images), net.head(maps.amax(dim=(2, 3))) / 9, atol=1e-6)


def test_the_parameters_have_names_that_say_where_they_are():
    names = [name for name, _ in FastNet((8, 12)).named_parameters()]
    assert names[:3] == ["whiten.weight", "whiten.bias", "groups.0.conv1.weight"]
    assert names[-2:] == ["groups.1.norm2.bias", "head.weight"]


def test_bfloat16_gives_float32_logits_near_the_others():
    torch.manual_seed(0)
    net, images = FastNet((8, 8, 8)).eval(), torch.randn(4, 3, 32, 32)
    plain = net(images)
    net.use_bfloat16 = True
    rough = net(images)
    assert rough.dtype == torch.float32 and not torch.equal(rough, plain)
    assert torch.allclose(rough, plain, atol=0.05)


def test_mirrored_is_the_same_for_an_image_and_its_mirror_image():
    net, images = Mirrored(FastNet((8, 8, 8))).eval(), torch.randn(2, 3, 32, 32)
    assert torch.allclose(net(images), net(images.flip(-1)))
    assert torch.allclose(net(images), (net.model(images) + net.model(images.flip(-1))) / 2)


def test_training_repeats_itself(splits):
    first, second = (Training(splits, SMALL, 3, CPU) for _ in range(2))
    assert [first.run_epoch() for _ in range(2)] == [second.run_epoch() for _ in range(2)]
    for name, value in first.model.state_dict().items():
        assert torch.equal(value, second.eval_model.state_dict()[name]), name


def test_training_learns(splits):
    training = Training(splits, replace(SMALL, epochs=6), 0, CPU)
    losses = [training.run_epoch() for _ in range(6)]
    assert losses[-1] < losses[0] and training.epoch == 6
    assert training.optimizers[0].param_groups[0]["lr"] < SMALL.learning_rate / 5


def test_recipe_gives_skips(splits):
    training = Training(splits, replace(SMALL, skips=True), 0, CPU)
    assert all(group.skip for group in training.model.groups)
    training.run_epoch()
    assert all(p.grad.abs().sum() > 0 for p in training.model.groups.parameters() if p.ndim == 4)


def test_first_layer_stays_and_its_bias_learns(splits):
    training = Training(splits, SMALL, 0, CPU)
    weight, bias = (p.detach().clone() for p in training.model.whiten.parameters())
    training.run_epoch()
    assert torch.equal(training.model.whiten.weight, weight) and not torch.equal(
        training.model.whiten.bias, bias
    )


def test_first_bias_stops_learning(splits):
    training = Training(splits, replace(SMALL, epochs=3, bias_epochs=1), 0, CPU)
    training.run_epoch()
    bias = training.model.whiten.bias.detach().clone()
    training.run_epoch()
    assert torch.equal(training.model.whiten.bias, bias) and training.model.whiten.bias.grad is None


def test_half_an_epoch(splits):
    training, seen = Training(splits, replace(SMALL, epochs=1.5, batch_size=30), 0, CPU), []
    training.model.register_forward_hook(lambda model, inputs, output: seen.append(len(output)))
    training.run_epoch(), training.run_epoch()
    assert seen == [30] * 6 and training.epoch == 2  # four steps, then two
    assert training.optimizers[0].param_groups[0]["lr"] == pytest.approx(0.2 * one_cycle(5, 6))


def test_small_images_come_first(splits):
    training = Training(splits, replace(SMALL, epochs=3, small_size=24), 0, CPU)
    sides = []
    for training.epoch in range(3):
        sides.append(next(training.batches())[0].shape[-1])
    assert sides == [24, 32, 32]


def flips_by_epoch(splits, flip, epochs=3):
    """Which images (N,) are mirrored in each epoch, when nothing is shifted."""
    training = Training(splits, replace(SMALL, flip=flip, shift=0, batch_size=120), 0, CPU)
    originals, found = training.normalize(training.images), []
    for training.epoch in range(epochs):
        ((images, _),) = training.batches()
        same = (images[:, None] == originals[None]).flatten(2).all(2).any(1)
        sums = images.sum((1, 2, 3))[:, None] - originals.sum((1, 2, 3))[None]
        order = sums.abs().argmin(
            1
        )  # which original each one is: mirrored or not, the sum is the same
        found.append(torch.empty(120, dtype=torch.bool).scatter_(0, order, ~same))
    return found


def test_flips(splits):
    first, second, third = flips_by_epoch(splits, "alternate")
    assert torch.equal(first, ~second) and torch.equal(first, third) and 30 < first.sum() < 90
    first, second, _ = flips_by_epoch(splits, "random")
    assert 30 < (first ^ second).sum() < 90
    assert not torch.stack(flips_by_epoch(splits, "none")).any()
    assert not torch.stack(flips_by_epoch(replace(splits, flip_safe=False), "alternate")).any()


def test_average_lags_behind(splits):
    training = Training(splits, replace(SMALL, average=0.9), 0, CPU)
    training.run_epoch()
    averaged, last = training.eval_model.module.head.weight, training.model.head.weight
    assert not torch.equal(averaged, last) and (averaged - last).abs().max() < last.abs().max()


def test_without_an_average_the_last_weights_are_evaluated(splits):
    training = Training(splits, SMALL, 0, CPU)
    assert training.average is None and training.eval_model is training.model


def test_another_schedule(splits):
    training = Training(splits, SMALL, 0, CPU, schedule=lambda step, total: 0.5)
    training.run_epoch()
    lrs = [group["lr"] for group in training.optimizers[0].param_groups]
    assert lrs == [0.5 * 0.2, 0.5 * 0.2 * 64]


def test_no_step_waits_for_the_loss(splits, monkeypatch):
    training = Training(splits, SMALL, 0, CPU)
    monkeypatch.setattr(torch.Tensor, "item", None)  # a call would fail
    assert training.run_epoch() > 0


@pytest.mark.parametrize("epochs", [1.0, 1.4, 8.3])
def test_total_steps_fill_the_epochs_and_no_more(splits, epochs):
    training = Training(splits, replace(SMALL, epochs=epochs, batch_size=12), 0, CPU)
    assert training.total_steps == round(10 * epochs)


def test_few_images_make_one_batch(splits):
    training = Training(splits, replace(SMALL, batch_size=5000), 0, CPU)
    assert [len(labels) for _, labels in training.batches()] == [120]


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_twenty_pictures_are_enough(make_folder, mode):
    folder = make_folder({part: {"cat": 10, "dog": 10} for part in ("train", "test")})
    for path in folder.rglob("*.png"):
        Image.open(path).convert(mode).save(path)
    training = Training(load_splits(folder), Recipe(epochs=2), 0, CPU)
    losses = [training.run_epoch() for _ in range(2)]
    assert all(loss > 0 for loss in losses) and len(training.images) == 18
    assert all(p.isfinite().all() for p in training.model.parameters())


def test_another_network_and_muon(splits):
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3),
        nn.BatchNorm2d(8),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 10),
    )
    training = Training(splits, replace(SMALL, muon_rate=0.1), 0, CPU, net)
    assert training.model is net and [type(o).__name__ for o in training.optimizers] == [
        "SGD",
        "Muon",
    ]
    before = net[0].weight.detach().clone()
    training.run_epoch()
    assert not torch.equal(net[0].weight, before)


def test_an_unknown_flip_is_refused(splits):
    with raises(ValueError, "flip is 'often': give one of none, random, alternate"):
        Training(splits, Recipe(flip="often"), 0, CPU)


def test_command_line(make_folder):
    folder = make_folder({"train": {"cat": 12, "dog": 12}, "test": {"cat": 2, "dog": 2}})
    options = [
        "--epochs",
        "1",
        "--widths",
        "4,4,4",
        "--skips",
        "--batch-size",
        "4",
        "--device",
        "cpu",
    ]
    run = CliRunner().invoke(fast, [str(folder), *options, "--test", "--learning-rate", "0.01"])
    assert run.exit_code == 0, run.output
    assert (
        "epoch 1: loss" in run.output
        and "\ntest accuracy" in run.output
        and "mirror images" in run.output
    )
    assert "test accuracy" not in CliRunner().invoke(fast, [str(folder), *options]).output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "Error: dataset is 'nowhere': neither one of"),
        (["shapes", "--widths", "4,x"], "'4,x': give whole numbers above 0, such as 64,128,128"),
        (["shapes", "--train-size", "5"], "Error: train_size is 5, but shapes has 10 classes"),
        (["shapes", "--epochs", "0"], "'--epochs': 0.0 is not in the range x>0"),
    ],
)
def test_command_line_says_what_is_wrong(arguments, message):
    run = CliRunner().invoke(fast, arguments)
    assert run.exit_code != 0 and message in run.output and "Traceback" not in run.output
