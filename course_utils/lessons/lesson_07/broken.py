"""Six broken trainings for lesson 07. READ THE LESSON FIRST: this file gives the answers away.

`benchmarks/lesson_07` measures the same faults on photographs.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.transforms import v2

from course_utils.data import Loaders, Split, Splits, make_loaders
from course_utils.lessons.lesson_07.diagnosis import overfit_one_batch
from course_utils.models import VGG, he_init
from course_utils.runtime import seed_everything
from course_utils.training import History, LossFunction, fit

CASES = {
    "A": "softmax",
    "B": "labels",
    "C": "zero_grad",
    "D": "rate",
    "E": "flip",
    "F": "eval",
}


def softmax_first(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of the softmax of the logits: the softmax is taken twice."""
    return F.cross_entropy(F.softmax(logits, dim=1), labels)


class ForgetfulAdam(torch.optim.Adam):
    """Adam for a loop that forgets `zero_grad`: it does nothing, so every backward pass adds to the
    gradients.
    """

    def zero_grad(self, set_to_none: bool = True) -> None:
        pass


class NeverEval(nn.Module):
    """A model that stays in training mode whatever `eval()` says, as if the call had been
    forgotten.
    """

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def train(self, mode: bool = True) -> nn.Module:
        return super().train(True)

    def forward(self, images: Tensor) -> Tensor:
        return self.model(images)  # (N, classes)


def mirror_half(image: Tensor) -> Tensor:
    """One image, mirrored left to right or not, by the toss of a coin."""
    return image.flip(-1) if torch.rand(()) < 0.5 else image


def with_labels(splits: Splits, labels: Tensor) -> Splits:
    """The same splits, the training images with other labels."""
    train = deepcopy(splits.train)
    train_plain = deepcopy(splits.train_plain)
    train.targets = train_plain.targets = labels
    return replace(splits, train=train, train_plain=train_plain)


def shuffle_labels(splits: Splits, seed: int) -> Splits:
    """Training images whose labels went to other images: the list of labels was shuffled, that of
    images was not.
    """
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(splits.train), generator=generator)
    return with_labels(splits, splits.train.targets[order])


def with_augment(splits: Splits, augment: Callable[[Tensor], Tensor]) -> Splits:
    """The same splits with an augmentation of the training images, before all else that is done to
    them.
    """
    plain = splits.train_plain
    transform = v2.Compose([augment, plain.transform])
    return replace(splits, train=Split(plain.data, plain.targets, transform))


@dataclass
class TrainingRun:
    """A training: what it was made of, what `fit` measured, and the losses of a fresh copy that
    was to overfit one batch, a number a step.
    """

    model: nn.Module
    loaders: Loaders
    optimizer: torch.optim.Optimizer
    loss_fn: LossFunction
    history: History
    overfit_losses: list[float]


def small_network(num_classes: int, batch_norm: bool = False) -> VGG:
    """A small network of lesson 03's kind. Without batch normalisation its convolutions start as He
    et al. (2015) advise: with torch's own first weights it learns little in a short training.
    """
    model = VGG(
        blocks=((8, 8), (16, 16), (32, 32)),
        hidden=(64,),
        num_classes=num_classes,
        batch_norm=batch_norm,
    )
    if not batch_norm:
        model.features.apply(he_init)
    return model


def train_case(
    case: str,
    splits: Splits,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    steps: int,
    seed: int,
    device: torch.device,
    batch_norm: bool = False,
) -> TrainingRun:
    """Train a small network with the fault of `case`, one of CASES, or "healthy" without any.

    `steps` is the number of steps in which a fresh copy of the network, with the same fault, is to
    overfit the first training batch.

    Raises:
        ValueError: if there is no such case.
    """
    fault = CASES.get(case, case)
    if fault not in {*CASES.values(), "healthy"}:
        raise ValueError(f"case is {case!r}: give one of {', '.join(CASES)} or 'healthy'")
    if fault == "labels":
        splits = shuffle_labels(splits, seed)
    if fault == "flip":
        splits = with_augment(splits, mirror_half)
    loss_fn = softmax_first if fault == "softmax" else F.cross_entropy
    make_optimizer = ForgetfulAdam if fault == "zero_grad" else torch.optim.Adam
    lr = 10 * learning_rate if fault == "rate" else learning_rate

    def start() -> tuple[nn.Module, torch.optim.Optimizer]:
        seed_everything(seed)
        model = small_network(len(splits.classes), batch_norm).to(device)
        if fault == "eval":
            model = NeverEval(model)
        return model, make_optimizer(model.parameters(), lr=lr)

    first_batch = next(iter(make_loaders(splits, batch_size, seed=seed).train))
    images, labels = (tensor.to(device) for tensor in first_batch)
    model, optimizer = start()
    overfit_losses = overfit_one_batch(model, optimizer, images, labels, steps, loss_fn)

    model, optimizer = start()
    loaders = make_loaders(splits, batch_size, seed=seed)
    history = fit(
        model,
        loaders.train,
        loaders.val,
        optimizer=optimizer,
        epochs=epochs,
        device=device,
        loss_fn=loss_fn,
    )
    return TrainingRun(model, loaders, optimizer, loss_fn, history, overfit_losses)
