"""The rungs of cost_to_accuracy.py: from the source's recipe to the field's, one change at a time,
and the asides.

A rung is what the rung before it was, with some settings changed. An aside changes settings too,
but the next rung does not build on it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.transforms import v2

from course_utils.data import Splits, make_loaders
from course_utils.lessons.lesson_08.fast import Recipe, Training, whitening_filters
from course_utils.models import SourceResNet
from course_utils.runtime import seed_everything
from course_utils.training import train_one_epoch

SOURCE_AUGMENT = v2.Compose([v2.RandomCrop(32, padding=1), v2.RandomHorizontalFlip()])
WIDTHS = (64, 128, 256)  # the source's
SOURCE_BATCH = 32
SOURCE_RECIPE = Recipe(
    widths=WIDTHS, skips=False, batch_size=SOURCE_BATCH, learning_rate=0.75, weight_decay=0.0013, bias_rate=1.0,
    bias_epochs=1000, muon_rate=0.0, label_smoothing=0.0, shift=1, flip="random", small_size=0, average=0.0,
)  # fmt: skip
# where the search for the best recipe begins, whatever Recipe's defaults are by now
FAST_RECIPE = Recipe(
    widths=(64, 128, 128), skips=False, batch_size=500, learning_rate=0.75, weight_decay=0.0013, bias_rate=64.0,
    bias_epochs=2, muon_rate=0.12, label_smoothing=0.2, shift=2, flip="alternate", small_size=0, average=0.0,
    bfloat16=True,
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """Everything that a rung may change. The defaults are the source's."""

    network: str = "source"  # a key of NETWORKS, or fast
    adam: float = 1e-4  # Adam's learning rate; 0 for SGD with the recipe's
    loader: bool = True  # images one by one, with the source's transforms; else in memory
    fused: bool = False  # a fused optimizer and channels_last
    one_cycle: bool = False
    recipe: Recipe = field(default_factory=lambda: SOURCE_RECIPE)

    def change(self, **changes: object) -> "Settings":
        """The same with other values; a name that `Settings` lacks is one of the recipe's."""
        own = {
            name: value for name, value in changes.items() if name in Settings.__dataclass_fields__
        }
        others = {name: value for name, value in changes.items() if name not in own}
        return replace(self, **own, recipe=replace(self.recipe, **others))


FAST = Settings(
    network="fast", adam=0.0, loader=False, fused=True, one_cycle=True, recipe=FAST_RECIPE
)


@dataclass(frozen=True)
class Rung:
    """`grid`: a setting that is searched on validation, and its values; the first holds as long as
    nobody has searched.

    With `only_speed` the training is the one before, made faster. It is not trained again: for its
    accuracy every rung is trained with these changes, `as_trained`.
    """

    name: str
    change: str
    settings: dict
    grid: dict = field(default_factory=dict)
    aside: bool = False
    only_speed: bool = False


LADDER = (
    Rung("source", "the source's ResNet, Adam at 1e-4, batches of 32, its transforms", {}),
    Rung("batch", "batches of 250, another rate", {"batch_size": 250}, {"adam": [1e-3, 3e-4]}),
    Rung("fused", "fused optimizer, channels_last", {"fused": True}, only_speed=True),
    Rung(
        "bfloat16",
        "bfloat16 for convolutions and matrix products",
        {"bfloat16": True},
        only_speed=True,
    ),
    Rung(
        "head",
        "the mean over all places and one linear layer, not three",
        {"network": "pooled head"},
    ),
    Rung(
        "early pooling",
        "pooling behind the first convolution of a block",
        {"network": "early pooling"},
    ),
    Rung("memory", "augmentation on tensors in memory", {"loader": False}),
    Rung(
        "no BatchNorm",
        "without BatchNorm",
        {"network": "no BatchNorm"},
        {"adam": [1e-3, 3e-4]},
        aside=True,
    ),
    Rung("one-cycle", "one-cycle schedule", {"one_cycle": True}, {"adam": [3e-3, 1e-3]}),
    Rung(
        "SGD",
        "SGD, Nesterov's momentum, weight decay",
        {"adam": 0.0},
        {"learning_rate": [0.2, 0.4]},
    ),
    Rung("smoothing", "label smoothing", {"label_smoothing": 0.2}),
    Rung("whitening", "a whitening first layer", {"network": "whitened"}),
    Rung(
        "identity", "the network of fast.py: identity initialisation, no skips", {"network": "fast"}
    ),
    Rung(
        "random start",
        "without identity initialisation",
        {"network": "fast, random start"},
        aside=True,
    ),
    Rung(
        "biases",
        "biases learn 64 times as fast",
        {"bias_rate": 64.0},
        {"learning_rate": [0.375, 0.75]},
    ),
    Rung("first bias", "the first layer's bias learns in one epoch only", {"bias_epochs": 1}),
    Rung("shift", "shifts by 2 pixels, not by 1", {"shift": 2}),
    Rung("alternate", "flips on alternate epochs", {"flip": "alternate"}),
    Rung("Muon", "Muon for the convolutions", {}, {"muon_rate": [0.12, 0.24]}),
    Rung("average", "a running average of the weights", {}, {"average": [0.95]}, aside=True),
    Rung(
        "resizing",
        "images of 24 pixels in the first epoch of three",
        {"small_size": 24},
        aside=True,
    ),
    Rung("float32", "float32 again", {"bfloat16": False}, aside=True),
)


class PooledHead(SourceResNet):
    """The source's blocks, the mean over all places, one linear layer."""

    def __init__(self, num_classes: int = 10, before: int = 3):
        super().__init__(num_classes, widths=WIDTHS, hidden=(1, 1))
        if before != 3:
            self.blocks[0] = type(self.blocks[1])(before, WIDTHS[0])
        self.classifier = nn.Linear(WIDTHS[-1], num_classes)

    def forward(self, images: Tensor) -> Tensor:
        for block in self.blocks:
            images = self.pool(block(images))  # (N, 256, 4, 4) at last
        return self.classifier(images.mean(dim=(2, 3)))  # (N, num_classes)


class EarlyPooling(PooledHead):
    """The same, but a block is pooled behind its first convolution, and so is its skip."""

    def forward(self, images: Tensor) -> Tensor:
        for block in self.blocks:
            branch = F.relu(block.norm1(self.pool(block.conv1(images))))
            images = F.relu(block.skip(self.pool(images)) + block.norm2(block.conv2(branch)))
        return self.classifier(images.mean(dim=(2, 3)))


class Whitened(nn.Module):
    """A whitening layer, whose weights `Climb` computes, in front of EarlyPooling."""

    def __init__(self, num_classes: int = 10):
        super().__init__()
        self.whiten, self.rest = (
            nn.Conv2d(3, 24, kernel_size=2),
            EarlyPooling(num_classes, before=24),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.rest(F.gelu(self.whiten(images)))


def without_batch_norm(num_classes: int = 10) -> nn.Module:
    """EarlyPooling, nothing in place of each BatchNorm."""
    model = EarlyPooling(num_classes)
    for block in model.blocks:
        block.norm1, block.norm2 = nn.Identity(), nn.Identity()
    return model


NETWORKS = {
    "source": SourceResNet,
    "pooled head": PooledHead,
    "early pooling": EarlyPooling,
    "no BatchNorm": without_batch_norm,
    "whitened": Whitened,
}


class Precise(nn.Module):
    """A network in a memory format and a precision."""

    def __init__(self, model: nn.Module, bfloat16: bool, memory_format: torch.memory_format):
        super().__init__()
        self.model, self.bfloat16, self.memory_format = model, bfloat16, memory_format

    def forward(self, images: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            return self.model(images.contiguous(memory_format=self.memory_format)).float()


class Climb(Training):
    """The training of a rung."""

    def __init__(self, splits: Splits, settings: Settings, seed: int, device: torch.device):
        seed_everything(seed)
        self.settings, recipe = settings, settings.recipe
        self.loader = make_loaders(splits, recipe.batch_size, seed=seed).train
        memory_format = torch.channels_last if settings.fused else torch.contiguous_format
        model = None
        if settings.network in NETWORKS:
            model = Precise(
                NETWORKS[settings.network](len(splits.classes)), recipe.bfloat16, memory_format
            )
        super().__init__(splits, recipe, seed, device, model)
        self.model.to(memory_format=memory_format)
        if settings.network == "whitened":
            filters = whitening_filters(self.normalize(self.images[:5000]))
            self.model.model.whiten.weight.requires_grad_(False).copy_(filters)
            self.optimizers = self.make_optimizers()
        if settings.network == "fast, random start":
            for layer in (
                layer for layer in self.model.groups.modules() if isinstance(layer, nn.Conv2d)
            ):
                layer.reset_parameters()
        if not settings.one_cycle:
            self.schedule = lambda done: 1.0

    @property
    def plain(self) -> bool:
        """Whether it is the source's own loop."""
        return self.settings.loader and self.recipe.batch_size == SOURCE_BATCH

    def make_optimizers(self) -> list[torch.optim.Optimizer]:
        if self.settings.adam:
            return [
                torch.optim.Adam(
                    self.model.parameters(), lr=self.settings.adam, fused=self.settings.fused
                )
            ]
        return super().make_optimizers()

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        if not self.settings.loader:
            yield from super().batches()
            return
        torch.manual_seed(
            1000 * self.seed + self.epoch
        )  # the transforms' draws; an epoch does not need the last
        self.loader.generator.manual_seed(1000 * self.seed + self.epoch)
        self.steps = len(self.loader)  # the last, smaller batch too
        yield from self.loader

    def run_epoch(self) -> float:
        """As `Training`; for the source's training the plain loop of lesson 00, and nothing that it
        lacks.
        """
        if not self.plain:
            return super().run_epoch()
        loss = train_one_epoch(self.model, self.batches(), self.optimizers[0], self.device).loss
        self.result.update_parameters(self.model)
        self.epoch += 1
        return loss


def settings_of(name: str, chosen: dict[str, dict]) -> Settings:
    """What a rung is trained with: all changes up to it, without other asides, as they were
    `chosen` on validation.
    """
    settings = Settings()
    for rung in LADDER:
        if rung.name == name or not rung.aside:
            picked = chosen.get(rung.name, {key: values[0] for key, values in rung.grid.items()})
            settings = settings.change(**rung.settings, **picked)
        if rung.name == name:
            return settings
    raise ValueError(f"no rung {name!r}: there is {', '.join(rung.name for rung in LADDER)}")


def as_trained(name: str, chosen: dict[str, dict], epochs: int) -> Settings:
    """A rung as it is trained for its accuracy: with whatever makes it only faster, but for the
    aside that asks.
    """
    settings = settings_of(name, chosen).change(epochs=epochs, fused=True)
    return settings if name == "float32" else settings.change(bfloat16=True)
