"""Each checker accepts its notebook's solution, calls its starter "not yet", and names what is wrong with an answer."""

import math
import re
from functools import partial
from importlib import import_module

import nbformat
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_utils.exercises import check
from course_utils.exercises.mechanism import CHECKERS
from course_utils.models import VGG, count_parameters
from course_utils.runtime import ROOT, seed_everything
from course_utils.training import Metrics

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def exercise_cells() -> list:
    """(exercise, is it the solution, source of its cell) for every cell that calls `check`, lesson by lesson."""
    found = []
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code" and 'check("' in cell.source:
                name = cell.source.partition('check("')[2].partition('"')[0]
                solution = "solution" in cell.metadata.get("tags", [])
                found.append(
                    pytest.param(name, solution, cell.source, id=f"{name}-{'solution' if solution else 'starter'}")
                )
    return found


def softmax(logits):
    return logits.exp() / logits.exp().sum(dim=1, keepdim=True)


def convolve(image, kernel):
    return F.conv2d(image[None, None], kernel[None, None])[0, 0]


@pytest.mark.parametrize(("name", "solution", "source"), exercise_cells())
def test_starter_and_solution(name, solution, source, capsys):
    space = {
        "check": check,
        "torch": torch,
        "F": F,
        "nn": nn,
        "math": math,
        "softmax": softmax,
        "VGG": VGG,
        "Metrics": Metrics,
        "convolve": convolve,
        "seed": 0,
        "seed_everything": seed_everything,
        "count_parameters": count_parameters,
    }
    exec(source, space)
    verdict = next(line for line in capsys.readouterr().out.splitlines() if line.startswith(name))
    assert verdict.startswith(f"{name}: correct." if solution else f"{name}: not yet.")


def test_every_checker_is_used_and_has_wrong_answers():
    for path in (ROOT / "course_utils" / "exercises").glob("lesson_*.py"):  # check() imports a lesson's when asked
        import_module(f"course_utils.exercises.{path.stem}")
    used = {param.values[0] for param in exercise_cells()}
    assert used == set(CHECKERS)
    for name in CHECKERS:
        assert sum(case[0] == name for case in WRONG) >= 3, name


def epoch(model, loader, optimizer, device, *, clear=True, weighted=True, dim=1, step=True):
    loss_sum, correct, count = 0.0, 0, 0
    for images, labels in loader:
        logits = model(images)
        loss = F.cross_entropy(logits, labels)
        if clear:
            optimizer.zero_grad()
        loss.backward()
        if step:
            optimizer.step()
        loss_sum += loss.item() * (len(labels) if weighted else 1)
        correct += (logits.argmax(dim=dim)[:2] == labels[:2]).sum().item() if dim == 0 else accurate(logits, labels)
        count += len(labels)
    return Metrics(loss_sum / (count if weighted else len(loader)), correct / count)


def accurate(logits, labels):
    return (logits.argmax(dim=1) == labels).sum().item()


def stable_over_batch(logits):
    return (logits - logits.max()).exp() / (logits - logits.max()).exp().sum(dim=1, keepdim=True)


def erase(image, top, left, side, *, channels=slice(None), bottom=None, clone=True):
    erased = image.clone() if clone else image
    erased[channels, top : top + side if bottom is None else bottom, left : left + side] = 0
    return erased


def cutmix(images, labels, top, left, height, width, classes, *, shift=1, swap=False, clone=True, other=None):
    mixed = images.clone() if clone else images
    window = (..., slice(top, top + height), slice(left, left + width))
    mixed[window] = images.roll(shift, dims=0)[window]
    other = height * width / images[0, 0].numel() if other is None else other
    one_hot = F.one_hot(labels, classes).float()
    weights = (other, 1 - other) if swap else (1 - other, other)
    return mixed, weights[0] * one_hot + weights[1] * one_hot.roll(1, dims=0)


def merge(n, m, s, k, o, t, *, weigh=True, means=True, between=True, root=True):
    """Statistics of two parts together; each option makes one mistake."""
    a, b = (n / (n + k), k / (n + k)) if weigh else (0.5, 0.5)
    mean = a * m + b * o
    if not means:
        return mean, a * s + b * t
    variance = a * s**2 + b * t**2 + (a * (m - mean) ** 2 + b * (o - mean) ** 2 if between else 0)
    return mean, variance.sqrt() if root else variance


def fold(weight, bias, mean, std, *, sign=-1, scaled=True):
    new_weight = weight / std.view(1, 3, 1, 1)
    return new_weight, bias + sign * ((new_weight if scaled else weight) * mean.view(1, 3, 1, 1)).sum(dim=(1, 2, 3))


def freeze_but_last(
    features,
    number,
    *,
    freeze=True,
    thaw=True,
    deep=True,
    first=False,
    minus=False,
    weight=True,
    bias=True,
    norms=False,
):
    """The solution; each option makes one mistake."""
    features.requires_grad_(not freeze)
    layers = [one for one in (features.modules() if deep else features.children()) if isinstance(one, nn.Conv2d)]
    chosen = layers[:number] if first else layers[-number:] if minus else layers[max(0, len(layers) - number) :]
    for layer in chosen if thaw else ():
        layer.weight.requires_grad_(weight)
        layer.bias.requires_grad_(bias)
    for layer in features.modules() if norms else ():
        if isinstance(layer, nn.BatchNorm2d):
            layer.requires_grad_(True)


def freeze_the_others(features, number):
    layers = [layer for layer in features.modules() if isinstance(layer, nn.Conv2d)]
    kept = {id(p) for layer in layers[max(0, len(layers) - number) :] for p in layer.parameters()}
    for parameter in features.parameters():
        if id(parameter) not in kept:
            parameter.requires_grad_(False)


def class_means(features, labels):
    return torch.stack([features[labels == label].mean(dim=0) for label in range(3)])


def nearest_in_order(features, labels, queries):
    return torch.cdist(queries, torch.stack([f.mean(dim=0) for f in features.split([2, 3, 1])])).argmin(dim=1)


def backward(maps, upstream, *, axes=(0, 2, 3), mean=1, variance=1, eps=1e-5, root=True):
    """The gradient of batch normalisation; each option makes one mistake."""
    deviation = (maps.var(dim=axes, correction=0, keepdim=True) + eps).sqrt()
    normalised = (maps - maps.mean(dim=axes, keepdim=True)) / deviation
    along = (upstream * normalised).mean(dim=axes, keepdim=True)
    found = upstream - mean * upstream.mean(dim=axes, keepdim=True) - variance * normalised * along
    return found / deviation if root else found


def fold_forwards(norm, linear, *, eps=True, root=0.5, gamma=True, outputs=False, through=True, again=False):
    """Batch normalisation, then a linear layer, as one; each option makes one mistake."""
    scale = (norm.weight if gamma else 1) / (norm.running_var + (norm.eps if eps else 0)) ** root
    shift = norm.bias - norm.running_mean * scale
    weight = linear.weight * (scale[:, None] if outputs else scale)
    return weight, linear.bias + ((weight if again else linear.weight) @ shift if through else shift)


WRONG = [
    ("00.softmax", softmax, "large ones overflow"),
    (
        "00.softmax",
        lambda x: (x - x.amax(1, keepdim=True)).exp() / (x - x.amax(1, keepdim=True)).exp().sum(),
        "add up to 1",
    ),
    ("00.softmax", lambda x: x / x.sum(dim=1, keepdim=True), "is the exponential in it"),
    ("00.softmax", stable_over_batch, "each row needs its own maximum"),
    ("00.softmax", lambda x: x.sub_(x.amax(1, keepdim=True)).softmax(1), "changed the logits"),
    ("00.softmax", lambda x: x.softmax(1)[0], "has shape (3,)"),
    ("00.softmax", lambda x: 1 / 0, "Your code stopped with ZeroDivisionError"),
    ("00.three_bugs", partial(epoch, clear=False), "gradient that of its own batch alone"),
    ("00.three_bugs", partial(epoch, step=False), "The weights are not those"),
    ("00.three_bugs", partial(epoch, weighted=False), "The step is right, the loss is not"),
    ("00.three_bugs", partial(epoch, dim=0), "which axis is classes"),
    ("00.three_bugs", lambda *a: epoch(*a).loss, "Return two numbers"),
    ("00.three_bugs", lambda *a: None, "returns nothing"),
    ("00.images_needed", 18, "forgot the square"),
    ("00.images_needed", 36, "Half a point is 0.005"),
    ("00.images_needed", 40000, "p * (1 - p)"),
    ("00.images_needed", 3598, "above half a point"),
    ("00.images_needed", 5000, "give the smallest number"),
    ("00.images_needed", "3600", "Give a number"),
    ("01.number_of_pictures", 32, "one place more"),
    ("01.number_of_pictures", 25, "may be mirrored"),
    ("01.number_of_pictures", 10, "along both axes"),
    ("01.number_of_pictures", 100, "not up and down"),
    ("01.number_of_pictures", 162, "without padding"),
    ("01.number_of_pictures", 50.0, "Give a whole number"),
    ("01.number_of_pictures", 81, "count the places along one axis"),
    ("01.erase", lambda *a: erase(*a, clone=False), "changed the image that it was given"),
    ("01.erase", lambda *a: erase(*a, channels=0), "in all of them"),
    ("01.erase", lambda i, y, x, s: erase(i, x, y, s), "Rows and columns are swapped"),
    ("01.erase", lambda i, y, x, s: erase(i, y, x, s + 1), "covers 9 pixels, yours 16"),
    ("01.erase", lambda i, y, x, s: erase(i, y, x, s, bottom=s), "covers 9 pixels, yours 6"),
    ("01.erase", lambda i, y, x, s: erase(i, y - 1, x - 1, s), "in the wrong place"),
    ("01.erase", lambda i, y, x, s: erase(i, min(y, 6 - s), min(x, 8 - s), s), "cut off there, not moved"),
    ("01.erase", lambda i, y, x, s: i.clone(), "Nothing was erased"),
    ("01.erase", lambda i, y, x, s: torch.where(erase(i, y, x, s) == 0, 0, i / 2), "Outside the square"),
    ("01.cutmix", lambda *a: cutmix(*a, clone=False), "changed the images that it was given"),
    ("01.cutmix", lambda *a: cutmix(*a, shift=-1), "roll by 1, not -1"),
    ("01.cutmix", lambda *a: cutmix(*a, swap=True), "The shares are exchanged"),
    ("01.cutmix", lambda *a: cutmix(*a, other=0.5), "goes to the pasted image's class"),
    ("01.cutmix", lambda *a: cutmix(*a, other=0), "goes to the pasted image's class"),
    ("01.cutmix", lambda i, y, *w: cutmix(i, y, w[1], w[0], w[3], w[2], w[4]), "The new images are wrong"),
    ("01.cutmix", lambda *a: (cutmix(*a)[0], cutmix(*a)[1] * 2), "should add up to 1"),
    ("01.cutmix", lambda *a: (cutmix(*a)[0], a[1]), "has shape (3,)"),
    ("01.cutmix", lambda *a: cutmix(*a)[0], "Return two tensors"),
    ("02.merge", lambda *a: merge(*a, weigh=False), "weight each by its count"),
    ("02.merge", lambda *a: merge(*a, means=False), "The std is a mean of stds"),
    ("02.merge", lambda *a: merge(*a, between=False), "not the spread between their means"),
    ("02.merge", lambda *a: merge(*a, root=False), "take its root"),
    ("02.merge", lambda *a: (merge(*a)[0], merge(*a)[1] * 2), "the mean of the squares of each part"),
    ("02.merge", lambda n, m, s, k, o, t: (m + o, s + t), "The mean is wrong"),
    ("02.merge", lambda *a: merge(*a)[0], "Return two tensors"),
    ("02.fold", lambda w, b, m, s: (w * s.view(1, 3, 1, 1), b), "divided by it"),
    ("02.fold", lambda w, b, m, s: (w / s.mean(), b), "divide each input channel"),
    ("02.fold", lambda w, b, m, s: (fold(w, b, m, s)[0], b), "take away what the mean adds"),
    ("02.fold", lambda *a: fold(*a, sign=1), "moves the wrong way"),
    ("02.fold", lambda *a: fold(*a, scaled=False), "use the new weight for the bias"),
    ("02.fold", lambda w, b, m, s: (fold(w, b, m, s)[0], b - m.sum()), "over all channels and places"),
    ("02.fold", lambda *a: fold(*a)[0], "Return two tensors"),
    ("02.rate", 0.01 / 65535, "divide by its square"),
    ("02.rate", 0.01 * 65535**2, "divide, not multiply"),
    ("02.rate", 0.01 / 255**2, "the rate for 8 bits"),
    ("02.rate", 0.01 / 65536**2, "the largest is 65535"),
    ("02.rate", 0.01, "is not it"),
    ("02.rate", -1.0, "above 0"),
    ("02.rate", "0.01", "Give a number"),
    ("03.same_padding", lambda k: 1, "two pixels to each side"),
    ("03.same_padding", lambda k: k - 1 if k != 3 else 1, "half of what the window takes away"),
    ("03.same_padding", lambda k: (k - 1) // 2, "For kernel 4 you say 1: then 8 pixels become 7"),
    ("03.same_padding", lambda k: (k - 1) / 2, "a padding is a whole number"),
    ("03.same_padding", lambda k: k // 2 + 1, "Kernel 3 needs padding 1"),
    ("03.conv_layer", lambda x, w, b: F.conv2d(x, w), "Only the bias is missing"),
    ("03.conv_layer", lambda x, w, b: F.conv2d(x[:, :1], w[:, :1], b), "the first input channel only"),
    ("03.conv_layer", lambda x, w, b: F.conv2d(x, w, 3 * b), "once for each input channel"),
    ("03.conv_layer", lambda x, w, b: F.conv2d(x, w, b, padding=1), "has shape (2, 4, 6, 5)"),
    ("03.conv_layer", lambda x, w, b: F.conv2d(x, w.flip(2, 3), b), "the numbers are not"),
    ("03.small_network", VGG(), "Look at the first linear layer"),
    ("03.small_network", VGG(blocks=((8, 8), (8, 8), (8, 8)), hidden=(16,)), "the three blocks should stay"),
    ("03.small_network", VGG, "call it"),
    ("03.small_network", VGG(hidden=(64,), num_classes=7), "(2, 7)"),
    ("03.small_network", nn.Flatten, "call it"),
    ("04.learned_numbers", 512 * 37, "has a bias besides"),
    ("04.learned_numbers", 512 * 38, "not for each feature"),
    ("04.learned_numbers", 25088 * 37 + 37, "7 x 7 places"),
    ("04.learned_numbers", 5130, "here there are 37"),
    ("04.learned_numbers", 14_714_688 + 18_981, "they do not count"),
    ("04.learned_numbers", 37, "is not it"),
    ("04.learned_numbers", 18_981.0, "Give a whole number"),
    ("04.freeze_but_last", partial(freeze_but_last, freeze=False), "Everything still learns"),
    ("04.freeze_but_last", partial(freeze_but_last, thaw=False), "Nothing learns"),
    ("04.freeze_but_last", partial(freeze_but_last, first=True), "count from the end"),
    ("04.freeze_but_last", partial(freeze_but_last, weight=False), "The last convolution is frozen"),
    ("04.freeze_but_last", partial(freeze_but_last, bias=False), "its bias does not"),
    ("04.freeze_but_last", partial(freeze_but_last, norms=True), "Batch norm still learns"),
    ("04.freeze_but_last", partial(freeze_but_last, deep=False), "inside the inner Sequential is missed"),
    ("04.freeze_but_last", partial(freeze_but_last, minus=True), "list[-0:]"),
    ("04.freeze_but_last", lambda f, n: freeze_but_last(f, n + 1), "the last one only"),
    ("04.freeze_but_last", lambda f, n: freeze_but_last(f, min(n, 2)), "With number 3"),
    ("04.freeze_but_last", lambda f, n: freeze_but_last(f, n % 4), "more than there are"),
    ("04.freeze_but_last", freeze_the_others, "If all was frozen before"),
    ("04.nearest_mean", lambda f, y, q: torch.cdist(q, class_means(f, y)).argmax(dim=1), "use argmin"),
    ("04.nearest_mean", lambda f, y, q: torch.cdist(q, f).argmin(dim=1), "the index of an image"),
    ("04.nearest_mean", lambda f, y, q: y[torch.cdist(q, f).argmin(dim=1)], "the class of the nearest image"),
    ("04.nearest_mean", lambda f, y, q: (q @ class_means(f, y).T).argmax(dim=1), "favours means that are far out"),
    ("04.nearest_mean", lambda f, y, q: torch.cdist(q, class_means(f, y)), "has shape (4, 3)"),
    ("04.nearest_mean", lambda f, y, q: torch.cdist(q, class_means(f, y)).amin(dim=1), "Your function gives distances"),
    ("04.nearest_mean", lambda f, y, q: torch.zeros(4, dtype=torch.long), "the nearest means are of classes"),
    ("04.nearest_mean", lambda f, y, q: torch.cdist(q, class_means(f.add_(1), y)).argmin(1), "changed the features"),
    ("04.nearest_mean", nearest_in_order, "in another order"),
    ("05.backward", partial(backward, mean=0, variance=0), "two parts are missing"),
    ("05.backward", partial(backward, variance=0), "through the variance is missing"),
    ("05.backward", partial(backward, mean=0), "through the mean is missing"),
    ("05.backward", partial(backward, root=False), "Divide by the root"),
    ("05.backward", partial(backward, eps=0), "added to the variance before the root"),
    ("05.backward", partial(backward, axes=(0,)), "over images and places"),
    ("05.backward", partial(backward, axes=(2, 3)), "share one mean"),
    ("05.backward", partial(backward, variance=-1), "The numbers are wrong"),
    ("05.backward", lambda m, u: backward(m, u).sum(0), "has shape (4, 2, 3)"),
    ("05.backward", lambda m, u: u.mul_(2), "changed what it was given"),
    ("05.batches_needed", 44, "torch's default"),
    ("05.batches_needed", 2, "not what it brings"),
    ("05.batches_needed", 458, "one more"),
    ("05.batches_needed", 460, "give the smallest number"),
    ("05.batches_needed", 100, "0.99 to the power of 100 is 36.6%"),
    ("05.batches_needed", -5, "still too much"),
    ("05.batches_needed", 458.2, "Give a whole number"),
    ("05.fold_forwards", partial(fold_forwards, outputs=True), "its inputs, the last axis"),
    ("05.fold_forwards", partial(fold_forwards, eps=False), "eps is missing"),
    ("05.fold_forwards", partial(fold_forwards, root=1), "not by the variance"),
    ("05.fold_forwards", partial(fold_forwards, gamma=False), "(gamma) is missing"),
    ("05.fold_forwards", lambda n, x: (fold_forwards(n, x)[0], x.bias), "no part of the shift yet"),
    ("05.fold_forwards", partial(fold_forwards, through=False), "multiply it by the weight first"),
    ("05.fold_forwards", partial(fold_forwards, again=True), "use the old weight for the bias"),
    ("05.fold_forwards", lambda n, x: (fold_forwards(n, x)[0], -x.bias), "the bias is not"),
    ("05.fold_forwards", lambda n, x: (x.weight * 3, x.bias), "The weight is wrong"),
    ("05.fold_forwards", lambda n, x: (x.weight.mul_(2), x.bias), "changed the linear layer"),
    ("05.fold_forwards", lambda n, x: fold_forwards(n, x)[0], "Return two tensors"),
]


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_wrong_answer_gets_the_right_hint(name, answer, hint, capsys):
    check(name, answer)
    said = capsys.readouterr().out
    assert said.startswith(f"{name}: not yet. ")
    assert hint in said


def test_unknown_exercise():
    check("00.images_needed", 3600)
    known = "there is 00.images_needed, 00.softmax, 00.three_bugs"
    with pytest.raises(ValueError, match=re.escape(f"no exercise '00.sotfmax': {known}")):
        check("00.sotfmax", None)
    with pytest.raises(ValueError, match=r"no exercise '77\.x': there is none in that lesson"):
        check("77.x", None)
