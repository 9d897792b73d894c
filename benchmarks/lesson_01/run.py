"""Lesson 01: what crop, flip and stronger augmentation do, with few images and with all."""

from benchmarks.harness import Part


def _part(name: str, order: int, minutes: int, about: str) -> Part:
    return Part(
        name,
        about,
        "benchmarks.lesson_01.augmentation:compare",
        "01_data_augmentation.{dataset}-" + name,
        order,
        minutes,
        arguments=(name,),
        entry="arms",
        precision="bfloat16",
    )


PARTS = [
    _part("5k", 500, 20, "5,000 images, 40 epochs, four augmentations, three seeds"),
    _part("45k", 501, 40, "45,000 images, 20 epochs, with crop and flip and without, three seeds"),
]
