"""Lesson 08's fast recipe: what it is made of, its schedule, and a training by it.

After Page, "How to train your ResNet" (2018), and Jordan (arXiv 2404.00498).
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from course_utils.data import Split, Splits
from course_utils.lessons.lesson_08.augmentation import augment, choose_mirrored
from course_utils.lessons.lesson_08.muon import Muon
from course_utils.lessons.lesson_08.network import FastNet, whitening_filters
from course_utils.lessons.lesson_08.recipe import FLIPS, Recipe
from course_utils.runtime import seed_everything


def one_cycle(step: int, total_steps: int) -> float:
    """The learning rate at a step, as a share of its peak: up for a fifth of the steps, then down.

    It begins at 0.2 and would be 0 at step `total_steps`.
    """
    done = step / total_steps
    if done < 0.2:
        return 0.2 + 4 * done
    return (1 - done) / 0.8


def load_images(dataset: Split) -> Tensor:
    """All images of a data set, neither augmented nor normalised: uint8 (N, side, side, 3)."""
    images = torch.stack(list(dataset.data))  # (N, 3, side, side)
    return images.permute(0, 2, 3, 1).contiguous()


class Training:
    """A training of `model` (by default a FastNet), epoch by epoch.

    Images, augmentation and loss stay on the device. `schedule` is a function (step, total steps)
    -> share of the peak rate, such as `one_cycle`.

    Raises:
        ValueError: if the recipe's `flip` is none of FLIPS.
    """

    def __init__(
        self,
        splits: Splits,
        recipe: Recipe,
        seed: int,
        device: torch.device,
        model: nn.Module | None = None,
        schedule: Callable[[int, int], float] = one_cycle,
    ):
        if recipe.flip not in FLIPS:
            raise ValueError(f"flip is {recipe.flip!r}: give one of {', '.join(FLIPS)}")
        seed_everything(seed)
        batch_size = min(recipe.batch_size, len(splits.train))
        self.recipe = replace(recipe, batch_size=batch_size)
        self.flip = recipe.flip if splits.flip_safe else "none"
        self.seed = seed
        self.device = device
        self.schedule = schedule
        self.epoch = 0

        self.images = load_images(splits.train).to(device)
        self.labels = splits.train.targets.to(device)
        self.mean = 255 * torch.tensor(splits.mean, device=device)
        self.std = 255 * torch.tensor(splits.std, device=device)
        self.steps_per_epoch = len(self.labels) // batch_size

        if model is None:
            model = self.make_model(len(splits.classes))
        self.model = model.to(device, memory_format=torch.channels_last)
        self.optimizers = self.make_optimizers()
        self.average = self.make_average()

    @property
    def eval_model(self) -> nn.Module:
        """What to evaluate: the average of the weights if there is one, else the last weights."""
        return self.model if self.average is None else self.average

    @property
    def total_steps(self) -> int:
        """Steps of the whole training; the last epoch may end early."""
        steps = self.recipe.epochs * self.steps_per_epoch
        return math.ceil(round(steps, 6))  # 8.3 * 90 is a little above 747

    def make_model(self, num_classes: int) -> FastNet:
        """The recipe's network, its first layer computed from 5,000 images."""
        recipe = self.recipe
        model = FastNet(
            recipe.widths,
            num_classes,
            skips=recipe.skips,
            use_bfloat16=recipe.bfloat16,
        )
        images = self.normalize(self.images[:5000]).cpu()  # for eigh, which mps lacks
        filters = whitening_filters(images)
        model.whiten.weight.requires_grad_(False)
        model.whiten.weight.copy_(filters)
        return model

    def make_optimizers(self) -> list[torch.optim.Optimizer]:
        """SGD, and Muon for the convolutions if the recipe has a rate for it."""
        recipe = self.recipe
        learned = [p for p in self.model.parameters() if p.requires_grad]
        filters = [p for p in learned if p.ndim == 4]
        weights = [p for p in learned if p.ndim == 2]
        biases = [p for p in learned if p.ndim == 1]
        if not recipe.muon_rate:
            weights += filters
        sgd = torch.optim.SGD(
            [
                {"params": weights, "weight_decay": recipe.weight_decay},
                {"params": biases, "lr": recipe.learning_rate * recipe.bias_rate},
            ],
            lr=recipe.learning_rate,
            momentum=0.85,
            nesterov=True,
            fused=True,
        )
        if recipe.muon_rate and filters:
            return [sgd, Muon(filters, lr=recipe.muon_rate)]
        return [sgd]

    def make_average(self) -> AveragedModel | None:
        """A running average of the model's weights, if the recipe asks for one."""
        if not self.recipe.average:
            return None
        decay = get_ema_multi_avg_fn(self.recipe.average)
        return AveragedModel(self.model, multi_avg_fn=decay, use_buffers=True)

    def normalize(self, images: Tensor) -> Tensor:
        """uint8 (N, H, W, 3) -> float (N, 3, H, W)."""
        images = (images - self.mean) / self.std
        return images.permute(0, 3, 1, 2)

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """An epoch's augmented images (n, 3, H, W) and labels (n,).

        What fills no batch is left out.
        """
        recipe = self.recipe
        number = len(self.labels)
        first = self.generator(0)
        now = self.generator(1 + self.epoch)
        order = torch.randperm(number, generator=now, device=self.device)
        order = order[: self.steps_per_epoch * recipe.batch_size]
        mirrored = choose_mirrored(number, self.flip, self.epoch, first, now)
        for chosen in order.split(recipe.batch_size):
            images = augment(self.images[chosen], mirrored[chosen], recipe.shift, now)
            images = self.normalize(images)
            if recipe.small_size and self.epoch < recipe.epochs // 2:
                images = shrink(images, recipe.small_size)
            yield images, self.labels[chosen]

    def generator(self, number: int) -> torch.Generator:
        """A generator of the training's own: 0 for all epochs, 1 + epoch for one of them."""
        return torch.Generator(self.device).manual_seed(1000 * self.seed + number)

    def run_epoch(self) -> float:
        """Train on every batch, or until the recipe's epochs are used up; the mean loss."""
        model = self.model.train()
        if isinstance(model, FastNet):
            learns = self.epoch < self.recipe.bias_epochs
            model.whiten.bias.requires_grad_(learns)
        step = self.epoch * self.steps_per_epoch
        losses = []
        for images, labels in self.batches():
            if step >= self.total_steps:
                break
            losses.append(self.train_step(images, labels, step))
            step += 1
        self.epoch += 1
        losses = torch.stack(losses).tolist()  # the device is waited for here, and not before
        return sum(losses) / len(losses)

    def train_step(self, images: Tensor, labels: Tensor, step: int) -> Tensor:
        """One step of all optimizers; the loss before it, on the device.

        The training's own batches are there already; those of a loader are copied.
        """
        images = images.to(self.device, non_blocking=True)
        labels = labels.to(self.device, non_blocking=True)
        loss = F.cross_entropy(
            self.model(images),
            labels,
            label_smoothing=self.recipe.label_smoothing,
        )
        self.model.zero_grad()
        loss.backward()
        share = self.schedule(step, self.total_steps)
        for optimizer in self.optimizers:
            set_share_of_peak(optimizer, share)
            optimizer.step()
        if self.average is not None:
            self.average.update_parameters(self.model)
        return loss.detach()


def shrink(images: Tensor, size: int) -> Tensor:
    """(N, C, H, W) -> (N, C, size, size)."""
    return F.interpolate(images, size=size, mode="bilinear", antialias=True)


def set_share_of_peak(optimizer: torch.optim.Optimizer, share: float) -> None:
    """Set the rate of each group to a share of what it was at first."""
    for group in optimizer.param_groups:
        peak = group.setdefault("initial_lr", group["lr"])  # as torch's schedulers call it
        group["lr"] = share * peak
