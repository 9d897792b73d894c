"""`sanity_check` finds each fault that is planted in the data."""

from dataclasses import replace

import pytest
import torch
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from course_utils.data import make_loaders
from course_utils.lessons.lesson_07.broken import (
    mirror_half,
    shuffle_labels,
    with_augment,
    with_labels,
)
from course_utils.lessons.lesson_07.datachecks import errors_above_chance
from course_utils.lessons.lesson_07.diagnosis import sanity_check
from tests.lessons.lesson_07.diagnosis_helpers import (
    CROP_FLIP,
    PLAIN,
    TO_FLOAT,
    changed,
    data_alone,
    part,
    tiny,
)


def test_labels(splits):
    assert data_alone(shuffle_labels(splits, 0)) == ["labels do not fit"]
    order = splits.train.targets.argsort(stable=True)
    data = changed(splits.train, data=splits.train.data[order], targets=splits.train.targets[order])
    loaders = make_loaders(replace(splits, train=data), 32)._replace(train=DataLoader(data, 32))
    assert data_alone(loaders) == ["sorted by class"]
    assert data_alone(with_labels(splits, splits.train.targets + 5)) == [
        "labels do not fit",
        "too few outputs",
    ]


def roll_by_chance(image):
    return image.roll(int(torch.randint(0, 16, ())), dims=-2)


def test_augmentation_that_changes_labels(splits):
    assert data_alone(with_augment(splits, mirror_half)) == []
    assert data_alone(with_augment(splits, roll_by_chance)) == ["augmentation changes labels"]


@pytest.mark.parametrize("name", ["val", "test"])
def test_augmented_evaluation(splits, name):
    planted = replace(
        splits, **{name: changed(getattr(splits, name), transform=v2.Compose([CROP_FLIP, PLAIN]))}
    )
    assert data_alone(planted) == ["augmented evaluation"]


def test_scales(splits):
    parts = {name: getattr(splits, name) for name in ("train", "val", "test")}
    raw = v2.ToDtype(torch.float32)
    for transform, looks in ((TO_FLOAT, "pixels from 0 to 1"), (raw, "bytes")):
        everywhere = {name: changed(data, transform=transform) for name, data in parts.items()}
        findings = sanity_check(
            tiny(), make_loaders(replace(splits, **everywhere), 32), training=False
        )
        assert [finding.fault for finding in findings] == [
            "not normalised"
        ] and f"like {looks}:" in findings[0].message
    assert data_alone(replace(splits, val=changed(splits.val, transform=raw))) == [
        "scaled differently"
    ]
    broken = part(200, 1)
    broken.transform = v2.Compose([PLAIN, lambda image: image / 0])
    assert data_alone(replace(splits, val=broken)) == ["not finite"]


def test_bgr(splits):
    bgr = changed(splits.val, data=splits.val.data.flip(1))
    assert data_alone(replace(splits, val=bgr)) == ["channels swapped"]


class Plain(Dataset):
    """A data set that keeps no images."""

    def __init__(self, inner):
        self.inner = inner

    def __len__(self):
        return len(self.inner)

    def __getitem__(self, index):
        return self.inner[index]


@pytest.mark.parametrize(("one", "other"), [("train", "test"), ("train", "val"), ("val", "test")])
@pytest.mark.parametrize("kind", [lambda data: data, Plain])
def test_duplicates(splits, kind, one, other):
    data, copies = getattr(splits, one), getattr(splits, other)
    mixed = changed(
        data,
        data=torch.cat([copies.data[:7], data.data[7:]]),
        targets=torch.cat([copies.targets[:7], data.targets[7:]]),
    )
    parts = {name: kind(getattr(splits, name)) for name in ("train", "val", "test")} | {
        one: kind(mixed)
    }
    (finding,) = sanity_check(tiny(), make_loaders(replace(splits, **parts), 32), training=False)
    assert finding.fault == "duplicates"
    assert finding.message.startswith(f"7 images are in both {one} and {other}: ")


def test_errors_above_chance():
    data, other = part(200, 0), part(200, 1)
    images, queries = data.data.float(), other.data.float()
    assert errors_above_chance(images, data.targets, queries, other.targets) > 10
    shuffled = data.targets[torch.randperm(200, generator=torch.Generator().manual_seed(0))]
    assert abs(errors_above_chance(images, shuffled, queries, other.targets)) < 3
