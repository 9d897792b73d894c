"""Data for every lesson: data sets, their splits, statistics and loaders."""

from course_utils.data.splits import (
    ImageDataset,
    Loaders,
    Splits,
    load_splits,
    make_loaders,
    stratified_split,
)
from course_utils.data.statistics import (
    CIFAR10_MEAN,
    CIFAR10_STD,
    IMAGENET_MEAN,
    IMAGENET_STD,
    channel_stats,
    denormalize,
)

__all__ = [
    "CIFAR10_MEAN",
    "CIFAR10_STD",
    "IMAGENET_MEAN",
    "IMAGENET_STD",
    "ImageDataset",
    "Loaders",
    "Splits",
    "channel_stats",
    "denormalize",
    "load_splits",
    "make_loaders",
    "stratified_split",
]
