"""`sanity_check` of lesson 07: faults of a training that a program can find, before hours are spent
on it.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from course_utils.data import Loaders
from course_utils.lessons.lesson_07.datachecks import Finding, Part, check_data, first_images
from course_utils.lessons.lesson_07.probes import dead_shares
from course_utils.training import LossFunction, evaluation_mode, train_one_epoch

BATCH, STEPS, FIRST_STEPS = (
    32,
    200,
    60,
)  # images to learn by heart, steps enough for it; steps on many batches


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
    states = [
        (loader.generator, loader.generator.get_state())
        for loader in loaders
        if loader.generator is not None
    ]
    with torch.random.fork_rng():
        try:
            parts = [
                first_images(name, getattr(loaders, name)) for name in ("train", "val", "test")
            ]
            findings = [
                *check_data(parts),
                *_check_outputs(model, parts[0]),
                *_check_loss(model, parts[0], loss_fn),
            ]
            faults = {finding.fault for finding in findings}
            if not faults & {"not finite", "too few outputs"}:
                findings += _check_network(deepcopy(model), parts[0])
            hopeless = {"not finite", "too few outputs", "not logits", "softmax in the loss"}
            if training and not faults & hopeless:
                findings += _check_training(model, parts[0], optimizer, loss_fn, train_epoch)
        finally:
            for generator, state in states:
                generator.set_state(state)
    return findings


def _check_outputs(model: nn.Module, train: Part) -> Iterator[Finding]:
    device = next(model.parameters()).device
    with evaluation_mode(model), torch.no_grad():
        logits = model(train.images[:64].to(device)).cpu()
    if not torch.isfinite(logits).all():
        yield Finding(
            "not finite",
            "the logits hold nan or infinity: look for a rate too high or a division by 0",
        )
    elif logits.dim() != 2 or logits.shape[1] <= int(train.labels.max()):
        shape, label = tuple(logits.shape), int(train.labels.max())
        yield Finding(
            "too few outputs",
            f"outputs have shape {shape} and labels go up to {label}: mend the last layer",
        )
    elif (logits >= 0).all() and torch.allclose(
        logits.sum(dim=1), torch.ones(len(logits)), atol=1e-4
    ):
        yield Finding(
            "not logits",
            "the model's outputs add up to 1: cross-entropy has the softmax in it, remove yours",
        )


def _check_loss(model: nn.Module, train: Part, loss_fn: LossFunction) -> Iterator[Finding]:
    labels = torch.arange(
        max(2, int(train.labels.max()) + 1), device=next(model.parameters()).device
    )
    sure, surer = (loss_fn(size * F.one_hot(labels).float(), labels).item() for size in (20, 40))
    if sure > 0.1 and abs(sure - surer) < 1e-3:
        yield Finding(
            "softmax in the loss",
            f"the loss of right and certain logits is {sure:.3f}, not 0: take out the softmax",
        )


def _check_network(model: nn.Module, train: Part) -> Iterator[Finding]:
    device = next(model.parameters()).device
    images, labels = train.images[:64].to(device), train.labels[:64].to(device)
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
            "in evaluation mode the answer for an image depends on its batch: does the model obey eval()?",
        )
    if len(images) > 1 and logits.std(dim=0).max() < 1e-6:
        yield Finding(
            "one answer",
            "the model gives the same logits to every image: a layer is dead or its input lost",
        )
    for name, share in dead_shares(model, images).items():
        if share > 0.9:
            yield Finding(
                "dead ReLUs",
                f"{share:.0%} of what enters {name} is 0 for every image: start anew, lower rate",
            )
    model.train().zero_grad()
    F.cross_entropy(model(images), labels).backward()
    still = [
        name
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
        and (parameter.grad is None or (parameter.dim() > 1 and not parameter.grad.any()))
    ]
    if still:
        yield Finding(
            "no gradient",
            f"no gradient reaches {still[0]} and {len(still) - 1} others: they will not learn",
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
    order = torch.randperm(
        len(train.images), generator=torch.Generator().manual_seed(0)
    )  # a mixture in each batch
    chosen = [
        part for part in order.split(BATCH) if len(part) > 1
    ]  # batch norm may refuse a single image
    batches = [(train.images[part], train.labels[part]) for part in chosen]
    own = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    if not own & {id(parameter) for parameter in model.parameters()}:
        yield Finding(
            "other parameters",
            "the optimizer has none of the model's parameters: make it after the model",
        )
        return
    seen = _watch_loop(*deepcopy((model, optimizer)), batches[:3], train_epoch, loss_fn)
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
    trouble = _first_steps(*deepcopy((model, optimizer)), batches, loss_fn)
    if not trouble:
        return
    rate = max(group["lr"] for group in optimizer.param_groups)
    slower_model, slower = deepcopy((model, optimizer))
    for group in slower.param_groups:
        group["lr"] /= 10
    if not _first_steps(slower_model, slower, batches, loss_fn):
        yield Finding(
            "rate too high",
            f"at the rate {rate:g} {trouble}; at a tenth of it the first steps go well",
        )
    else:
        yield Finding(
            "does not learn",
            f"{trouble}, at the rate {rate:g} and at a tenth of it: look at model and loss",
        )


def _watch_loop(
    model: nn.Module,
    optimizer: Optimizer,
    batches: list,
    train_epoch: Callable,
    loss_fn: LossFunction,
) -> set[str]:
    """What is wrong with a loop: after each step the gradients become nan, which a clearing would
    remove.
    """
    seen = set()

    def gradients() -> list[Tensor]:
        return [
            p.grad
            for group in optimizer.param_groups
            for p in group["params"]
            if p.grad is not None
        ]

    def before(*_: object) -> None:
        kept = any(gradient.isnan().any() for gradient in gradients())
        seen.update({"kept"} if kept else (), () if model.training else {"evaluation"})
        for gradient in gradients():
            gradient.nan_to_num_(nan=0.0)

    def after(*_: object) -> None:
        for gradient in gradients():
            gradient.fill_(float("nan"))

    optimizer.zero_grad()
    optimizer.register_step_pre_hook(before)
    optimizer.register_step_post_hook(after)
    train_epoch(model, batches, optimizer, next(model.parameters()).device, loss_fn=loss_fn)
    return seen


def learn_by_heart(
    model: nn.Module,
    optimizer: Optimizer,
    images: Tensor,
    labels: Tensor,
    steps: int,
    loss_fn=F.cross_entropy,
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
    model: nn.Module, optimizer: Optimizer, batches: list, loss_fn: LossFunction
) -> str:
    """What goes wrong when one batch is to be learned by heart, and in the first steps on many; ""
    if nothing does.
    """
    device = next(model.parameters()).device
    batches = [(images.to(device), labels.to(device)) for images, labels in batches]
    (images, labels), shares = batches[0], batches[0][1].bincount() / len(batches[0][1])
    knowing_nothing = (
        -torch.special.xlogy(shares, shares).sum().item()
    )  # the least loss without looking at the images
    student, its_optimizer = deepcopy((model, optimizer))
    for _ in range(0, STEPS, 20):  # a healthy model is done after a few rounds
        losses = learn_by_heart(student, its_optimizer, images, labels, 20, loss_fn)
        if losses[-1] <= knowing_nothing / 2:
            break
    else:
        return f"{len(labels)} images are not learned by heart in {STEPS} steps (loss {losses[-1]:.3g})"
    losses = [
        learn_by_heart(model, optimizer, *batch, 1, loss_fn)[0]
        for batch in (batches * STEPS)[:FIRST_STEPS]
    ]
    if not max(losses) < 1.5 * max(losses[0], knowing_nothing):  # nan compares as false
        return (
            f"the loss jumps from {losses[0]:.3g} to {max(losses):.3g} within {FIRST_STEPS} steps"
        )
    model.eval()
    with torch.no_grad():
        spread = model(images).std(dim=0).max().item() if len(images) > 1 else 1.0
    return "" if spread > 1e-6 else f"all images get the same answer after {FIRST_STEPS} steps"
