"""`sanity_check` of lesson 07: faults of a training that a program can find, before hours are spent
on it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from course_utils.data import Loaders
from course_utils.lessons.lesson_07.datachecks import Finding, Part, check_data, first_images
from course_utils.lessons.lesson_07.probes import dead_channels
from course_utils.probes import evaluation_mode
from course_utils.training import LossFunction, train_one_epoch

Batch = tuple[Tensor, Tensor]  # images and labels
BATCH = 32  # images to overfit
STEPS = 200  # enough to overfit them
FIRST_STEPS = 60  # on many batches, as a training begins
HOPELESS = {"not finite", "too few outputs", "not logits", "softmax in the loss"}


def sanity_check(
    model: nn.Module,
    loaders: Loaders,
    *,
    optimizer: Optimizer | None = None,
    loss_fn: LossFunction = F.cross_entropy,
    train_epoch: Callable = train_one_epoch,
    training: bool = True,
) -> list[Finding]:
    """The faults that were found in a model and its loaders; an empty list if there are none.

    Give the `optimizer` (default: Adam, rate 0.001), the `loss_fn` and the loop (model, batches,
    optimizer, device, loss_fn=...) that the training will use, and they are checked too;
    `training=False` leaves out this part, which takes the most time. Works on copies: weights,
    modes, gradients, the loaders' generators and torch's are as before. A finding is a reason to
    look, for a sound training that is very slow can be found too; a clean bill is no proof, for
    what it does not look for it cannot see.
    """
    with torch.random.fork_rng(), _restored_generators(loaders):
        parts = [first_images(name, getattr(loaders, name)) for name in ("train", "val", "test")]
        train = parts[0]
        findings = list(check_data(parts))
        findings += _check_outputs(model, train)
        findings += _check_loss(model, train, loss_fn)
        faults = {finding.fault for finding in findings}
        if not faults & {"not finite", "too few outputs"}:
            findings += _check_network(deepcopy(model), train)
        if training and not faults & HOPELESS:
            findings += _check_training(model, train, optimizer, loss_fn, train_epoch)
    return findings


@contextmanager
def _restored_generators(loaders: Loaders) -> Iterator[None]:
    """After the block the loaders' generators are as they were before it."""
    generators = [loader.generator for loader in loaders if loader.generator is not None]
    states = [generator.get_state() for generator in generators]
    try:
        yield
    finally:
        for generator, state in zip(generators, states, strict=True):
            generator.set_state(state)


def _device_of(model: nn.Module) -> torch.device:
    return next(model.parameters()).device


def _check_outputs(model: nn.Module, train: Part) -> Iterator[Finding]:
    images = train.images[:64].to(_device_of(model))
    with evaluation_mode(model), torch.no_grad():
        logits = model(images).cpu()
    largest_label = int(train.labels.max())
    if not torch.isfinite(logits).all():
        yield Finding(
            "not finite",
            "the logits hold nan or infinity: look for a rate too high or a division by 0",
        )
    elif logits.dim() != 2 or logits.shape[1] <= largest_label:
        shape = tuple(logits.shape)
        yield Finding(
            "too few outputs",
            f"outputs have shape {shape} and labels go up to {largest_label}: mend the last layer",
        )
    elif _are_probabilities(logits):
        yield Finding(
            "not logits",
            "the model's outputs add up to 1: cross-entropy has the softmax in it, remove yours",
        )


def _are_probabilities(outputs: Tensor) -> bool:
    sums = outputs.sum(dim=1)
    return bool((outputs >= 0).all()) and torch.allclose(sums, torch.ones_like(sums), atol=1e-4)


def _check_loss(model: nn.Module, train: Part, loss_fn: LossFunction) -> Iterator[Finding]:
    classes = max(2, int(train.labels.max()) + 1)
    labels = torch.arange(classes, device=_device_of(model))
    right_logits = F.one_hot(labels).float()
    sure = loss_fn(20 * right_logits, labels).item()
    surer = loss_fn(40 * right_logits, labels).item()
    if sure > 0.1 and abs(sure - surer) < 1e-3:
        yield Finding(
            "softmax in the loss",
            f"the loss of right and certain logits is {sure:.3f}, not 0: take out the softmax",
        )


def _check_network(model: nn.Module, train: Part) -> Iterator[Finding]:
    device = _device_of(model)
    images = train.images[:64].to(device)
    labels = train.labels[:64].to(device)
    yield from _check_evaluation(model, images)
    for name, share in dead_channels(model, images).items():
        if share > 0.9:
            yield Finding(
                "dead ReLUs",
                f"{share:.0%} of what enters {name} is 0 for every image: start anew, lower rate",
            )
    model.train().zero_grad()
    F.cross_entropy(model(images), labels).backward()
    still = [name for name, p in model.named_parameters() if p.requires_grad and _is_still(p)]
    if still:
        yield Finding(
            "no gradient",
            f"no gradient reaches {still[0]} and {len(still) - 1} others: they will not learn",
        )


def _is_still(parameter: nn.Parameter) -> bool:
    """Whether it has no gradient; that of a vector may be 0, as before normalisation."""
    gradient = parameter.grad
    return gradient is None or (parameter.dim() > 1 and not gradient.any())


def _check_evaluation(model: nn.Module, images: Tensor) -> Iterator[Finding]:
    model.eval()
    with torch.no_grad():
        logits = model(images)
        alone = torch.cat([model(images[i : i + 1]) for i in range(min(4, len(images)))])
        again = model(images)
    scale = 1e-3 * (1 + logits.abs().max().item())
    if not torch.allclose(logits, again, rtol=0, atol=scale):
        yield Finding(
            "random in evaluation",
            "in evaluation mode the same image gets another answer each time: dropout?",
        )
    elif not torch.allclose(logits[: len(alone)], alone, rtol=0, atol=scale):
        yield Finding(
            "depends on neighbours",
            "in evaluation mode the answer for an image depends on its batch: "
            "does the model obey eval()?",
        )
    if len(images) > 1 and logits.std(dim=0).max() < 1e-6:
        yield Finding(
            "one answer",
            "the model gives the same logits to every image: a layer is dead or its input lost",
        )


def _check_training(
    model: nn.Module,
    train: Part,
    optimizer: Optimizer | None,
    loss_fn: LossFunction,
    train_epoch: Callable,
) -> Iterator[Finding]:
    if optimizer is None:
        optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.001)
    batches = _mixed_batches(train)
    learned = {id(p) for group in optimizer.param_groups for p in group["params"]}
    if not learned & {id(p) for p in model.parameters()}:
        yield Finding(
            "other parameters",
            "the optimizer has none of the model's parameters: make it after the model",
        )
        return
    model_copy, optimizer_copy = deepcopy((model, optimizer))
    seen = _watch_loop(model_copy, optimizer_copy, batches[:3], train_epoch, loss_fn)
    if "kept" in seen:
        yield Finding(
            "gradients kept",
            "a step is taken with the gradients of earlier steps: call optimizer.zero_grad()",
        )
        return
    if "evaluation" in seen:
        yield Finding(
            "trains in evaluation mode",
            "the loop takes steps in evaluation mode: call model.train() first",
        )
    model_copy, optimizer_copy = deepcopy((model, optimizer))
    trouble = _first_steps(model_copy, optimizer_copy, batches, loss_fn)
    if not trouble:
        return
    lr = max(group["lr"] for group in optimizer.param_groups)
    model_copy, optimizer_copy = deepcopy((model, optimizer))
    for group in optimizer_copy.param_groups:
        group["lr"] /= 10
    if not _first_steps(model_copy, optimizer_copy, batches, loss_fn):
        yield Finding(
            "rate too high",
            f"at the rate {lr:g} {trouble}; at a tenth of it the first steps go well",
        )
    else:
        yield Finding(
            "does not learn",
            f"{trouble}, at the rate {lr:g} and at a tenth of it: look at model and loss",
        )


def _mixed_batches(train: Part) -> list[Batch]:
    """Batches with a mixture of classes in each, also from a loader that is sorted."""
    generator = torch.Generator().manual_seed(0)
    order = torch.randperm(len(train.images), generator=generator)
    return [
        (train.images[chosen], train.labels[chosen])
        for chosen in order.split(BATCH)
        if len(chosen) > 1  # batch norm may refuse a single image
    ]


def _watch_loop(
    model: nn.Module,
    optimizer: Optimizer,
    batches: list[Batch],
    train_epoch: Callable,
    loss_fn: LossFunction,
) -> set[str]:
    """What is wrong with a loop: after each step the gradients become nan, which a clearing would
    remove.
    """
    seen = set()

    def gradients() -> list[Tensor]:
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        return [p.grad for p in parameters if p.grad is not None]

    def before(*_: object) -> None:
        if any(gradient.isnan().any() for gradient in gradients()):
            seen.add("kept")
        if not model.training:
            seen.add("evaluation")
        for gradient in gradients():
            gradient.nan_to_num_(nan=0.0)

    def after(*_: object) -> None:
        for gradient in gradients():
            gradient.fill_(float("nan"))

    optimizer.zero_grad()
    optimizer.register_step_pre_hook(before)
    optimizer.register_step_post_hook(after)
    train_epoch(model, batches, optimizer, _device_of(model), loss_fn=loss_fn)
    return seen


def overfit_one_batch(
    model: nn.Module,
    optimizer: Optimizer,
    images: Tensor,
    labels: Tensor,
    steps: int,
    loss_fn: LossFunction = F.cross_entropy,
) -> list[float]:
    """The loss before each of `steps` steps on one and the same batch, in training mode; the model
    changes.

    It ends early if the loss is not finite.
    """
    model.train()
    losses = []
    for _ in range(steps):
        loss = loss_fn(model(images), labels)
        losses.append(loss.item())
        if not torch.isfinite(loss):
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


def _first_steps(
    model: nn.Module, optimizer: Optimizer, batches: list[Batch], loss_fn: LossFunction
) -> str:
    """What goes wrong when one batch is to be overfitted, and in the first steps on many; "" if
    nothing does.
    """
    device = _device_of(model)
    batches = [(images.to(device), labels.to(device)) for images, labels in batches]
    images, labels = batches[0]
    chance_loss = _chance_loss(labels)
    model_copy, optimizer_copy = deepcopy((model, optimizer))
    for _ in range(0, STEPS, 20):  # a healthy model is done after a few rounds
        losses = overfit_one_batch(model_copy, optimizer_copy, images, labels, 20, loss_fn)
        if losses[-1] <= chance_loss / 2:
            break
    else:
        what = f"{len(labels)} images are not learned by heart"
        return f"{what} in {STEPS} steps (loss {losses[-1]:.3g})"

    losses = []
    for images, labels in (batches * STEPS)[:FIRST_STEPS]:
        losses += overfit_one_batch(model, optimizer, images, labels, 1, loss_fn)
    first, highest = losses[0], max(losses)
    if not highest < 1.5 * max(first, chance_loss):  # nan compares as false
        return f"the loss jumps from {first:.3g} to {highest:.3g} within {FIRST_STEPS} steps"

    images, _ = batches[0]
    model.eval()
    with torch.no_grad():
        logits = model(images)
    if len(images) > 1 and not logits.std(dim=0).max() > 1e-6:
        return f"all images get the same answer after {FIRST_STEPS} steps"
    return ""


def _chance_loss(labels: Tensor) -> float:
    """The least cross-entropy without a look at the images: the entropy of the labels."""
    shares = labels.bincount() / len(labels)
    return -torch.special.xlogy(shares, shares).sum().item()
