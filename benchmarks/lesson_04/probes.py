"""Features that are computed once, and probes on them."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.utils.data import Subset

from benchmarks.data import RAW_BYTES, ZERO_TO_ONE, Scale, labels_of, rescaled
from benchmarks.harness import Run
from benchmarks.training import MixedPrecision
from course_utils.checkpoints import load_file, save_file
from course_utils.data import CIFAR10_MEAN, CIFAR10_STD, Splits, load_splits
from course_utils.lessons.lesson_04.backbones import (
    Backbone,
    add_head,
    load_backbone,
    random_copy,
)
from course_utils.lessons.lesson_04.features import extract_features, few_of_each, fit_probe
from course_utils.runtime import seed_everything

OWN = "the weights' own"
SCALES = {
    "CIFAR-10's": (CIFAR10_MEAN, CIFAR10_STD),
    "none, 0 to 1": ZERO_TO_ONE,
    "raw bytes": RAW_BYTES,
}
DECAYS = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)


@lru_cache(maxsize=1)
def sources(dataset: str, weights: str) -> tuple[Backbone, Splits]:
    """The backbone, and images on the scale that its weights want."""
    backbone = load_backbone(weights)
    return backbone, load_splits(dataset, transform=backbone.transform)


@dataclass(frozen=True)
class Features:
    """Features (N, width) and labels (N,) of each part; `indices` says of which training images."""

    indices: Tensor
    train: tuple[Tensor, Tensor]
    val: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]

    def rows(self, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """Features and labels of the chosen training images."""
        places = torch.searchsorted(self.indices, chosen)
        return self.train[0][places], self.train[1][places]


def chosen_by_some(splits: Splits, number: int, seeds: Sequence[int]) -> Tensor:
    """The training images that some seed chooses, of each class so many."""
    labels = labels_of(splits.train)
    return torch.cat([few_of_each(labels, number, seed) for seed in seeds]).unique()


def features_of(
    run: Run, layers: nn.Module, splits: Splits, indices: Tensor, scale: Scale
) -> Features:
    """What the layers make of all validation and test images, and of some training images."""
    model = add_head(MixedPrecision(layers), len(splits.classes))
    parts = {}
    for name in ("train", "val", "test"):
        data = rescaled(getattr(splits, name), *scale)
        data = Subset(data, indices.tolist()) if name == "train" else data
        parts[name] = extract_features(model, data, torch.device(run.device))
    return Features(indices, **parts)


def cache_features(run: Run, plan: object, space: str) -> dict:
    """Features of all validation and test images, and of the training images that are needed, in a
    file.
    """
    backbone, splits = sources(run.dataset, plan.weights)
    layers = deepcopy(backbone.features)
    if space == "random":
        seed_everything(0)
        layers = random_copy(layers)
    indices = torch.arange(len(splits.train))
    if space != OWN:
        number = max(plan.labels) if space == "random" else plan.scaling_labels
        indices = chosen_by_some(splits, number, plan.seeds)
    scale = SCALES.get(space, (splits.mean, splits.std))
    features = features_of(run, layers, splits, indices, scale)
    found: dict = {"indices": indices}
    for name in ("train", "val", "test"):
        found[name], found[f"{name}_labels"] = getattr(features, name)
    save_file(found, run.file(plan, "features", space).with_suffix(".tensors"))
    return {"train_images": len(indices)}


def read_features(run: Run, plan: object, space: str) -> Features:
    found = load_file(run.file(plan, "features", space).with_suffix(".tensors"))
    parts = {name: (found[name], found[f"{name}_labels"]) for name in ("train", "val", "test")}
    return Features(found["indices"], **parts)


def accuracy_of(probe: nn.Module, features: Tensor, labels: Tensor) -> float:
    with torch.no_grad():
        return (probe(features).argmax(dim=1) == labels).double().mean().item()


def probe_accuracy(probe: nn.Module, features: Features) -> float:
    """Accuracy on the test images."""
    return accuracy_of(probe, *features.test)


def best_probe(features: Features, rows: tuple[Tensor, Tensor]) -> tuple[nn.Module, float]:
    """The probe, and its weight decay, that is best on the validation images."""
    classes = int(features.val[1].max()) + 1
    found = [(fit_probe(*rows, classes, decay), decay) for decay in DECAYS]
    return max(found, key=lambda pair: accuracy_of(pair[0], *features.val))
