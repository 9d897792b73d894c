"""Networks to transfer from, for lesson 04: VGG16, the compact backbone that the course ships, and
their new heads.
"""

from collections import OrderedDict
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torchvision.models import VGG16_Weights, vgg16
from torchvision.transforms import v2

from course_utils.checkpoints import load_file
from course_utils.paths import WEIGHTS_DIR

MINI_FILE = WEIGHTS_DIR / "vgg_mini.pt"
IMAGENET = VGG16_Weights.IMAGENET1K_V1


class VGGMini(nn.Module):
    """A compact VGG with batch norm: images (N, 3, H, W) -> logits (N, num_classes); H and W at
    least 8.

    Six 3x3 convolutions, each with BatchNorm2d (Ioffe and Szegedy 2015) and ReLU, three poolings
    between them, then the mean over all places (Lin et al. 2013), so that any image size fits, and
    one linear layer: `features`, `pool`, `classifier`. 1.86 million parameters in `features`, whose
    last layer has `VGGMini.width` channels.
    """

    width = 384

    def __init__(self, num_classes: int = 10):
        super().__init__()
        layers, before = [], 3
        for after in (32, 64, "pool", 128, "pool", 256, 256, "pool", self.width):
            if after == "pool":
                layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
                continue
            layers += [
                nn.Conv2d(before, after, kernel_size=3, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
            ]
            before = after
        self.features = nn.Sequential(*layers)
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.classifier = nn.Linear(self.width, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.features(images)  # (N, 384, 4, 4) for images of 32 x 32
        features = self.pool(maps)  # (N, 384)
        return self.classifier(features)  # (N, num_classes)


class Backbone(NamedTuple):
    """Feature layers that have learned on other images, and what their images were scaled with.

    `features`, in evaluation mode, maps (N, 3, H, W) to (N, width, h, w). `transform` is
    `load_splits`'s argument of that name: it normalises as the weights want it, or is None (by the
    data's own statistics) where nothing was learned. `size` is the side in pixels of the images that the
    weights were trained on, and the least that fits is `smallest`.
    """

    features: nn.Sequential
    width: int
    transform: v2.Compose | None
    size: int
    smallest: int
    description: str


def add_head(features: nn.Module, num_classes: int) -> nn.Sequential:
    """The same feature layers (shared, not copied), the mean over all places, and one fresh linear
    layer.

    (N, 3, H, W) -> (N, num_classes); the parts are `features`, `pool` and `classifier`.
    """
    convolutions = [layer for layer in features.modules() if isinstance(layer, nn.Conv2d)]
    parts = {
        "features": features,  # (N, width, h, w)
        "pool": nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),  # (N, width)
        "classifier": nn.Linear(convolutions[-1].out_channels, num_classes),  # (N, num_classes)
    }
    return nn.Sequential(OrderedDict(parts))


def random_copy(features: nn.Module) -> nn.Module:
    """The same layers with fresh random weights (He et al. 2015), trainable: what a backbone was
    before training.
    """
    fresh = deepcopy(features).requires_grad_(True)
    for layer in fresh.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    return fresh


def load_backbone(weights: str | Path = "auto") -> Backbone:
    """Feature layers with weights, and the normalisation that belongs to them.

    `weights`: "imagenet" (VGG16's from torchvision, 528 MB, downloaded once into torch's cache),
    "mini" (the compact backbone that the course ships), "auto" ("imagenet" if it is in the cache,
    else "mini"; a printed line says which), "none" (VGG16 with random weights), or the path of a
    VGG16 state dict, whose head is ignored, or of a file as vgg_mini.pt: {"model", "mean", "std"}.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if a file holds no such weights.
        ConnectionError: if the download fails, or what came is not the file whose hash torchvision
        knows.
    """
    if str(weights) == "auto":
        weights = "imagenet" if imagenet_file().exists() else "mini"
        print(
            "weights 'auto': VGG16 from ImageNet is in torch's cache (for the small network: weights 'mini')"
            if weights == "imagenet"
            else "weights 'auto': the course's compact VGG (for VGG16 from ImageNet, a download: weights 'imagenet')"
        )
    if str(weights) == "none":
        return _vgg16_backbone(None, "VGG16 with random weights", transform=None)
    if str(weights) == "imagenet":
        return _vgg16_backbone(
            _download(), "VGG16, trained on ImageNet", transform=_imagenet_transform()
        )
    path = MINI_FILE if str(weights) == "mini" else Path(weights).expanduser()
    if not path.exists():
        names = "'auto', 'imagenet', 'mini', 'none'"
        raise FileNotFoundError(
            f"weights is {str(weights)!r}: neither one of {names} nor a file that exists"
        )
    values = load_file(path)
    if isinstance(values, dict) and "model" in values:
        return _mini_backbone(values, path.name)
    return _vgg16_backbone(
        values, f"VGG16 from {path.name}", transform=_imagenet_transform(), name=path.name
    )


def imagenet_file() -> Path:
    """Where torch keeps VGG16's ImageNet weights once they are downloaded."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(IMAGENET.url).name


def _download() -> dict:
    if not imagenet_file().exists():
        print(
            f"VGG16's ImageNet weights are not in torch's cache: downloading {IMAGENET.meta['_file_size']:.0f} MB"
        )
    try:
        return IMAGENET.get_state_dict(
            progress=True, check_hash=True, map_location="cpu", weights_only=True
        )
    except (OSError, RuntimeError) as error:  # no network; another hash
        way_out = "try again, give the path of the file, or use weights 'mini'"
        raise ConnectionError(
            f"VGG16's ImageNet weights could not be loaded ({error}): {way_out}"
        ) from None


def _imagenet_transform() -> v2.Compose:
    preset = IMAGENET.transforms()
    return _transform(preset.mean, preset.std)


def _transform(mean: Sequence[float], std: Sequence[float]) -> v2.Compose:
    return v2.Compose([v2.ToDtype(torch.float32, scale=True), v2.Normalize(mean, std)])


def _vgg16_backbone(
    state: dict | None, description: str, *, transform: v2.Compose | None, name: str = ""
) -> Backbone:
    with torch.device("meta"):
        features = vgg16(weights=None).features
    features = features.to_empty(device="cpu")
    if state is None:
        features = random_copy(features)
    else:
        _load(features, state, name or "the file", "VGG16 state dict with torchvision's names")
    return Backbone(features.eval(), 512, transform, 224, 32, description)


def _mini_backbone(values: dict, name: str) -> Backbone:
    if missing := {"mean", "std"} - set(values):
        raise ValueError(
            f"{name} has no {sorted(missing)[0]!r}: give a file as benchmarks/lesson_04 writes it"
        )
    features = VGGMini().features
    _load(features, values["model"], name, "state dict of VGGMini")
    return Backbone(
        features.eval(),
        VGGMini.width,
        _transform(values["mean"], values["std"]),
        32,
        8,
        "the course's compact VGG, trained on Tiny ImageNet",
    )


def _load(features: nn.Module, state: object, name: str, wanted: str) -> None:
    """Put the weights of the feature layers into `features`; the head's are passed over."""
    prefix = "features."
    items = state.items() if isinstance(state, dict) else ()
    own = {
        str(key).removeprefix(prefix): value for key, value in items if str(key).startswith(prefix)
    }
    try:
        features.load_state_dict(own)
    except RuntimeError as error:
        reason = str(error).splitlines()[1].strip().rstrip(". ")
        raise ValueError(f"{name} is no {wanted} ({reason[:90]}): give another file") from None
