"""Lesson 04: what a backbone saves in labels on photographs, and the backbone that is shipped."""

from benchmarks.harness import Part

PARTS = [
    Part(
        "backbone",
        "trains data/weights/vgg_mini.pt on Tiny ImageNet at 32x32 pixels",
        "benchmarks.lesson_04.backbone:backbone",
        "vgg_mini",
        100,
        90,
        entry="history",
        workers=0,
        precision="bfloat16",
        needs="tiny-imagenet-32",
    ),
    Part(
        "transfer",
        "from scratch, probe and fine-tuning by labels of each class; wrong scalings; a leak",
        "benchmarks.lesson_04.transfer:transfer",
        "04_transfer_learning.{dataset}",
        400,
        40,
        entry="arms",
        precision="bfloat16",
    ),
    Part(
        "features",
        "writes data/weights/cifar10_features.pt: what the backbone says of 5,500 photographs",
        "benchmarks.lesson_04.photographs:features",
        "04_transfer_learning.{dataset}-features",
        101,
        1,
        entry="largest_rounding",
        workers=0,
    ),
    Part(
        "imagenet",
        "probes EfficientNet-Lite0 with ImageNet weights, at four sizes (extra: imagenet)",
        "benchmarks.lesson_04.photographs:imagenet",
        "04_transfer_learning.{dataset}-imagenet",
        102,
        6,
        entry="sizes",
        workers=1,
    ),
]
