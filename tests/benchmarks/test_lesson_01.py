"""Lesson 01's benchmark: the augmentations."""

from benchmarks.lesson_01.augmentation import Plan, compare


def test_each_augmentation_has_an_accuracy_for_each_seed(make_run):
    plan = Plan(60, 1, ("none", "crop_flip", "crop_flip_randaugment"), seeds=(0, 1), draws=2)
    found = compare(make_run(), "5k", plan)
    assert found["train_images"] == 60 and found["seeds"] == 2 and found["parameters"] == 663_802
    for arm in found["arms"].values():
        assert len(arm["test_accuracy"]) == len(arm["train_accuracy"]) == 2
        assert all(0 <= accuracy <= 1 for accuracy in arm["test_accuracy"])
    with_draws = {name for name, arm in found["arms"].items() if "augmented_test_accuracy" in arm}
    assert with_draws == {"crop_flip"}
