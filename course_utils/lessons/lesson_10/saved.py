"""The models that lesson 10 saves: network, weights, classes and preprocessing in one file."""

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import nn
from torchvision.models import resnet18
from torchvision.transforms import v2

from course_utils.checkpoints import load_file
from course_utils.lessons.lesson_04.backbones import VGGMini

NETWORKS = ("vgg_mini", "resnet18")
KEYS = ("network", "model", "classes", "size", "mean", "std")


def build(network: str, num_classes: int) -> nn.Sequential:
    """A body that makes features of pictures, (N, 3, H, W) -> (N, width), and a head, one linear
    layer -> (N, num_classes). `network` is one of NETWORKS; the weights are random.
    """
    body = resnet18() if network == "resnet18" else VGGMini()
    last = "fc" if network == "resnet18" else "classifier"
    width = getattr(body, last).in_features
    setattr(body, last, nn.Identity())
    return nn.Sequential(OrderedDict(body=body, head=nn.Linear(width, num_classes)))


@dataclass(frozen=True)
class SavedModel:
    """A trained model in evaluation mode, its classes, and how it wants a picture prepared."""

    model: nn.Module
    classes: list[str]
    prepare: v2.Compose

    def probabilities(self, picture: Image.Image) -> list[float]:
        """One probability a class, in the order of `classes`, for an RGB picture of any size."""
        with torch.no_grad():
            return self.model(self.prepare(picture)[None]).softmax(dim=1)[0].tolist()


def load_model(path: str | Path) -> SavedModel:
    """Read a model that lesson 10 saved, on the CPU; no code in the file can run.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file holds something else; the message names it.
    """
    path = Path(path).expanduser()
    saved = load_file(path)
    missing = [key for key in KEYS if not isinstance(saved, dict) or key not in saved]
    if missing:
        raise ValueError(f"{path.name} has no {missing[0]!r}: give a model that lesson 10 saved")
    if saved["network"] not in NETWORKS:
        known = " or ".join(NETWORKS)
        raise ValueError(f"{path.name} is for the network {saved['network']!r}: only {known} fit")
    model = build(saved["network"], len(saved["classes"]))
    try:
        model.load_state_dict(saved["model"])
    except RuntimeError as error:
        reason = str(error).splitlines()[1].strip().rstrip(". ")
        raise ValueError(
            f"{path.name} holds no weights of {saved['network']} ({reason[:90]}): save it again"
        ) from None
    prepare = v2.Compose(
        [
            v2.ToImage(),
            v2.Resize(saved["size"]),
            v2.CenterCrop(saved["size"]),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(saved["mean"], saved["std"]),
        ]
    )
    return SavedModel(model.eval(), saved["classes"], prepare)
