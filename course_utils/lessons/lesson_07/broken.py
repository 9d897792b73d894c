"""The broken trainings of lesson 07. READ THE LESSON FIRST: this file gives the answers away.

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
WARD = ("softmax", "labels", "zero_grad", "rate", "eval", "frozen", "scale")  # of the seventh


def drawn(seed: int) -> str:
    """The fault of the seventh patient, by the seed: one of WARD."""
    generator = torch.Generator().manual_seed(seed + 15)
    return WARD[int(torch.randint(len(WARD), (), generator=generator))]


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


def unchanged(model: nn.Module) -> nn.Module:
    return model


@dataclass
class Plan:
    """What a training is made of, before it begins; each fault changes one part of it."""

    splits: Splits
    lr: float
    batch_norm: bool
    loss_fn: LossFunction = F.cross_entropy
    optimizer: type[torch.optim.Optimizer] = torch.optim.Adam
    wrap: Callable[[nn.Module], nn.Module] = unchanged
    learned: Callable[[nn.Module], nn.Module] = unchanged  # what the optimizer gets


def plan_case(fault: str, plan: Plan, seed: int) -> Plan:
    """The plan with the fault of a case, or "healthy" without any.

    Raises:
        ValueError: if there is no such fault.
    """
    changes = {
        "healthy": lambda: plan,
        "softmax": lambda: replace(plan, loss_fn=softmax_first),
        "labels": lambda: replace(plan, splits=shuffle_labels(plan.splits, seed)),
        "zero_grad": lambda: replace(plan, optimizer=ForgetfulAdam),
        "rate": lambda: replace(plan, lr=10 * plan.lr),
        "flip": lambda: replace(plan, splits=with_augment(plan.splits, mirror_half)),
        "eval": lambda: replace(plan, wrap=NeverEval),
    }
    if fault not in changes:
        raise ValueError(f"case is {fault!r}: give one of {', '.join(CASES)} or 'healthy'")
    return changes[fault]()


def plan_seventh(fault: str, plan: Plan) -> Plan:
    """The plan with one of the faults of WARD, in another form than the six patients have them."""
    splits = plan.splits
    classes, labels = len(splits.classes), splits.train.targets
    changes = {
        "softmax": lambda: replace(
            plan, wrap=lambda model: nn.Sequential(model, nn.Softmax(dim=1))
        ),
        "labels": lambda: replace(plan, splits=with_labels(splits, (labels + 1) % classes)),
        "zero_grad": lambda: replace(plan, optimizer=ForgetfulAdam),
        "rate": lambda: replace(plan, lr=plan.lr / 300),
        "eval": lambda: replace(plan, wrap=NeverEval),
        "frozen": lambda: replace(plan, learned=lambda model: model.classifier[-1]),
        "scale": lambda: replace(plan, splits=unscaled_validation(splits)),
    }
    return changes[fault]()


def unscaled_validation(splits: Splits) -> Splits:
    """The same splits, validation and test images from 0 to 1 instead of normalised."""
    to_float = v2.ToDtype(torch.float32, scale=True)
    val, test = (Split(part.data, part.targets, to_float) for part in (splits.val, splits.test))
    return replace(splits, val=val, test=test)


def train_plan(
    plan: Plan, *, epochs: int, batch_size: int, steps: int, seed: int, device: torch.device
) -> TrainingRun:
    """Train a small network by the plan, after a fresh copy of it was to overfit the first training
    batch in `steps` steps.
    """

    def start() -> tuple[nn.Module, torch.optim.Optimizer]:
        seed_everything(seed)
        network = small_network(len(plan.splits.classes), plan.batch_norm).to(device)
        learned = plan.learned(network).parameters()
        return plan.wrap(network), plan.optimizer(learned, lr=plan.lr)

    first_batch = next(iter(make_loaders(plan.splits, batch_size, seed=seed).train))
    images, labels = (tensor.to(device) for tensor in first_batch)
    model, optimizer = start()
    losses = overfit_one_batch(model, optimizer, images, labels, steps, plan.loss_fn)

    model, optimizer = start()
    loaders = make_loaders(plan.splits, batch_size, seed=seed)
    options = {"optimizer": optimizer, "epochs": epochs, "device": device, "loss_fn": plan.loss_fn}
    history = fit(model, loaders.train, loaders.val, **options)
    return TrainingRun(model, loaders, optimizer, plan.loss_fn, history, losses)


def train_case(
    case: str,
    splits: Splits,
    *,
    learning_rate: float,
    seed: int,
    batch_norm: bool = False,
    **options,
) -> TrainingRun:
    """Train a small network with the fault of `case`: one of CASES, "healthy" without any, or
    "seventh", whose fault is drawn by the seed. `options` are those of `train_plan`.

    Raises:
        ValueError: if there is no such case.
    """
    plan = Plan(splits, learning_rate, batch_norm)
    if case == "seventh":
        plan = plan_seventh(drawn(seed), plan)
    else:
        plan = plan_case(CASES.get(case, case), plan, seed)
    return train_plan(plan, seed=seed, **options)


# For the exercises, and for what the network looks at


def wrong_places(number: int, seed: int, share: float = 0.1) -> Tensor:
    """Which of `number` labels are made wrong: a `share` of them, drawn by the seed."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randperm(number, generator=generator)[: int(share * number)]


def with_wrong_labels(splits: Splits, seed: int, share: float = 0.1) -> Splits:
    """The same splits, a `share` of the training labels replaced by another class."""
    places = wrong_places(len(splits.train), seed, share)
    generator = torch.Generator().manual_seed(seed + 1)
    classes = len(splits.classes)
    steps = torch.randint(1, classes, places.shape, generator=generator)
    labels = splits.train.targets.clone()
    labels[places] = (labels[places] + steps) % classes
    return with_labels(splits, labels)
