"""Small data and models for the tests of the sanity check, and the names of what it finds."""

from functools import partial

import torch
from torchvision.transforms import v2

from course_utils.data import Loaders, Split, Splits, make_loaders
from course_utils.lessons.lesson_07.diagnosis import sanity_check
from course_utils.models import VGG

MEAN, STD = (0.55, 0.5, 0.45), (0.3, 0.3, 0.3)
TO_FLOAT = v2.ToDtype(torch.float32, scale=True)
PLAIN = v2.Compose([v2.ToImage(), TO_FLOAT, v2.Normalize(MEAN, STD)])
CROP_FLIP = v2.Compose([v2.RandomCrop(16, padding=2), v2.RandomHorizontalFlip()])


def part(number, seed, side=16):
    """Three kinds of blurred pictures, redder than they are blue: the label is the height of a
    bright patch.
    """
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, 3, (number,), generator=generator)
    images = 40 * torch.rand(number, 3, side, side, generator=generator)
    images += torch.tensor([110.0, 90, 70]).view(3, 1, 1)
    step = side // 4
    for index, label in enumerate(labels.tolist()):
        images[index, :, step * label : step * label + 2 * step, 1 : 2 * step] += 100
    return Split(images.clamp(0, 255).to(torch.uint8), labels, PLAIN)


def make_splits(train, val, test):
    return Splits(train, train, val, test, ("top", "middle", "bottom"), MEAN, STD, "test", False)


def tiny(num_classes=3, batch_norm=True):
    torch.manual_seed(0)
    return VGG(((4, 8), (8, 8)), (16,), num_classes, batch_norm=batch_norm, size=16)


def changed(split, **changes):
    values = {"data": split.data, "targets": split.targets, "transform": split.transform}
    return Split(**{**values, **changes})


def names(splits, model=None, **options):
    loaders = splits if isinstance(splits, Loaders) else make_loaders(splits, 32)
    return [finding.fault for finding in sanity_check(model or tiny(), loaders, **options)]


data_alone = partial(names, training=False)
