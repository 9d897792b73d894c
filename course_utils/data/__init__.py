"""Data for every lesson: data sets, their splits, statistics and loaders."""

from course_utils.data.datasets import Arrows, PictureFolder, Shapes, open_dataset
from course_utils.data.splits import Loaders, Split, Splits, load_splits, make_loaders
from course_utils.data.statistics import (
    CIFAR10_MEAN,
    CIFAR10_STD,
    IMAGENET_MEAN,
    IMAGENET_STD,
    channel_stats,
    denormalize,
    stratified_split,
)
from course_utils.data.transforms import normalization
