"""Lesson 08's fast recipe, whole. After Page, "How to train your ResNet" (2018), and Jordan (arXiv
2404.00498).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from course_utils.data import Splits
from course_utils.lessons.lesson_08.muon import Muon
from course_utils.runtime import seed_everything


@dataclass(frozen=True)
class Recipe:
    """What a training is made of, except for images and seed."""

    widths: tuple[int, ...] = (32, 160, 160)  # channels; each group halves the maps
    skips: bool = False  # a third convolution in each group, and a skip around the last two
    epochs: float = 8.3  # the last one may end early
    batch_size: int = 500
    learning_rate: float = 0.75  # at its peak
    weight_decay: float = 0.0013
    bias_rate: float = 64.0  # biases learn faster by this factor
    bias_epochs: int = (
        2  # the first layer's bias learns in so many: its gradient is the dearest of all
    )
    muon_rate: float = 0.12  # convolutions learn by Muon, at this rate; 0 for SGD, as all the rest
    label_smoothing: float = 0.2
    shift: int = 2  # pixels, in each direction
    flip: str = "alternate"  # none, random or alternate
    small_size: int = (
        24  # above 0: the side of the images in the first half of the epochs, rounded down
    )
    # of the weights that are evaluated: the share that a step keeps; 0 for the last weights
    average: float = 0.0
    bfloat16: bool = False  # for convolutions and matrix products: pays where the processor has it


class FastNet(nn.Module):
    """Convolutions, pooled early: (N, 3, H, W) -> (N, num_classes); 17 pixels are enough for three
    groups.
    """

    def __init__(
        self,
        widths: tuple[int, ...],
        num_classes: int = 10,
        *,
        skips: bool = False,
        bfloat16: bool = False,
    ):
        super().__init__()
        self.skips, self.bfloat16, self.groups = skips, bfloat16, nn.ModuleList()
        self.whiten = nn.Conv2d(3, 24, kernel_size=2)
        for before, after in zip((24, *widths), widths, strict=False):
            inputs = (before, after, after) if skips else (before, after)
            convs = nn.ModuleList(
                nn.Conv2d(channels, after, 3, padding=1, bias=False) for channels in inputs
            )
            norms = nn.ModuleList(
                nn.BatchNorm2d(after, momentum=0.4) for _ in convs
            )  # few steps: forget soon
            for conv, norm in zip(convs, norms, strict=True):
                nn.init.dirac_(
                    conv.weight.data[: conv.in_channels]
                )  # output c begins as input c, the rest at random
                norm.weight.requires_grad_(False)
            self.groups.append(nn.ModuleList([convs, norms]))
        self.head = nn.Linear(widths[-1], num_classes, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.bfloat16):
            maps = F.gelu(
                self.whiten(images.contiguous(memory_format=torch.channels_last))
            )  # (N, 24, 31, 31)
            for convs, norms in self.groups:
                maps = F.gelu(
                    norms[0](F.max_pool2d(convs[0](maps), 2))
                )  # (N, width, 15, 15), then 7, then 3
                branch = norms[1](convs[1](maps))  # the same shape
                maps = F.gelu((maps + norms[2](convs[2](F.gelu(branch)))) if self.skips else branch)
            return self.head(maps.amax(dim=(2, 3))).float() / 9  # (N, num_classes): small at first


def whitening_filters(images: Tensor, size: int = 2) -> Tensor:
    """Normalised (N, 3, H, W) -> filters (24, 3, 2, 2): 12 with uncorrelated outputs of std 1, and
    their negatives.
    """
    patches = F.unfold(images, size).transpose(1, 2).flatten(0, 1)  # (N * 31 * 31, 12)
    variances, directions = torch.linalg.eigh(patches.T @ patches / len(patches))
    filters = (directions / (variances + 5e-4).sqrt()).T.reshape(-1, images.shape[1], size, size)
    return torch.cat([filters, -filters])


def augment(
    images: Tensor, mirrored: Tensor, shift: int, generator: torch.Generator | None = None
) -> Tensor:
    """(N, side, side, 3) -> the same, moved by up to `shift` pixels, edges reflected; mirrored
    where (N,) says so.
    """
    last, moves = (
        images.shape[1] - 1,
        torch.randint(-shift, shift + 1, (2, len(images), 1), generator=generator),
    )
    rows, columns = (
        last - (last - (torch.arange(last + 1) + moves).abs()).abs()
    )  # (N, side) each; -1 becomes 1
    columns = torch.where(mirrored[:, None], columns.flip(1), columns)
    return images[torch.arange(len(images))[:, None, None], rows[:, :, None], columns[:, None, :]]


def one_cycle(done: float) -> float:
    """The learning rate as a share of its peak, by the share of the training that is done: up, then
    down to 0.
    """
    return 0.2 + 4 * done if done < 0.2 else (1 - done) / 0.8


class Training:
    """A training of `model` (by default a FastNet), epoch by epoch; what to evaluate is `result`."""

    def __init__(
        self,
        splits: Splits,
        recipe: Recipe,
        seed: int,
        device: torch.device,
        model: nn.Module | None = None,
    ):
        if recipe.flip not in ("none", "random", "alternate"):
            raise ValueError(f"flip is {recipe.flip!r}: give one of none, random, alternate")
        seed_everything(seed)
        self.recipe = recipe = replace(recipe, batch_size=min(recipe.batch_size, len(splits.train)))
        self.seed, self.device, self.epoch, self.schedule = seed, device, 0, one_cycle
        images = torch.stack(list(splits.train.data))  # (N, 3, H, W)
        self.images, self.labels = (
            images.permute(0, 2, 3, 1).contiguous(),
            splits.train.targets,
        )  # uint8, in memory
        self.flip, self.steps = (
            recipe.flip if splits.flip_safe else "none",
            len(self.labels) // recipe.batch_size,
        )
        self.mean, self.std = (255 * torch.tensor(values) for values in (splits.mean, splits.std))
        if model is None:
            model = FastNet(
                recipe.widths, len(splits.classes), skips=recipe.skips, bfloat16=recipe.bfloat16
            )
            model.whiten.weight.requires_grad_(False).copy_(
                whitening_filters(self.normalize(self.images[:5000]))
            )
        self.model, average = (
            model.to(device, memory_format=torch.channels_last),
            get_ema_multi_avg_fn(recipe.average),
        )
        self.result = AveragedModel(self.model, multi_avg_fn=average, use_buffers=True)
        self.optimizers = self.make_optimizers()

    def normalize(self, images: Tensor) -> Tensor:
        return ((images - self.mean) / self.std).permute(
            0, 3, 1, 2
        )  # uint8 (N, H, W, 3) -> (N, 3, H, W)

    def make_optimizers(self) -> list[torch.optim.Optimizer]:
        recipe, learned = self.recipe, [p for p in self.model.parameters() if p.requires_grad]
        muon = [p for p in learned if p.ndim == 4 and recipe.muon_rate]
        weights = [p for p in learned if p.ndim == 2 or (p.ndim == 4 and not recipe.muon_rate)]
        biases = {
            "params": [p for p in learned if p.ndim == 1],
            "lr": recipe.learning_rate * recipe.bias_rate,
        }
        groups = [{"params": weights, "weight_decay": recipe.weight_decay}, biases]
        sgd = torch.optim.SGD(
            groups, recipe.learning_rate, momentum=0.85, nesterov=True, fused=True
        )
        return [sgd, Muon(muon, lr=recipe.muon_rate)] if muon else [sgd]

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Augmented images (n, 3, H, W) and labels (n,) of an epoch; what fills no batch is left
        out.
        """
        first, now = (
            torch.Generator().manual_seed(1000 * self.seed + part) for part in (0, 1 + self.epoch)
        )
        order = torch.randperm(len(self.labels), generator=now)[
            : self.steps * self.recipe.batch_size
        ]
        mirrored = (
            torch.rand(len(self.labels), generator=now if self.flip == "random" else first) < 0.5
        )
        mirrored = (mirrored ^ (self.flip == "alternate" and self.epoch % 2 == 1)) & (
            self.flip != "none"
        )
        small = self.recipe.small_size if self.epoch < self.recipe.epochs // 2 else 0
        for chosen in order.split(self.recipe.batch_size):
            images = self.normalize(
                augment(self.images[chosen], mirrored[chosen], self.recipe.shift, now)
            )
            images = (
                F.interpolate(images, size=small, mode="bilinear", antialias=True)
                if small
                else images
            )
            yield images.to(self.device), self.labels[chosen].to(self.device)

    def run_epoch(self) -> float:
        """Train on every batch, or until the recipe's epochs are used up; the mean loss."""
        losses, model = [], self.model.train()
        if isinstance(model, FastNet):
            model.whiten.bias.requires_grad_(self.epoch < self.recipe.bias_epochs)
        for images, labels in self.batches():
            done = (self.epoch + len(losses) / self.steps) / self.recipe.epochs
            if done >= 1:
                break
            loss = F.cross_entropy(
                model(images), labels, label_smoothing=self.recipe.label_smoothing
            )
            model.zero_grad()
            loss.backward()
            for optimizer in self.optimizers:
                for group in optimizer.param_groups:
                    group["lr"] = self.schedule(done) * group.setdefault("peak", group["lr"])
                optimizer.step()
            self.result.update_parameters(model)
            losses.append(loss.item())
        self.epoch += 1
        return sum(losses) / len(losses)
