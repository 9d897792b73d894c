"""The features of photographs that the course ships."""

import torch

from course_utils.checkpoints import load_file
from course_utils.lessons.lesson_04.features import fit_probe
from course_utils.paths import WEIGHTS_DIR

FILE = WEIGHTS_DIR / "cifar10_features.pt"


def test_the_shipped_features_are_whole_numbers_of_equally_many_photographs_of_each_class():
    found = load_file(FILE)
    assert FILE.stat().st_size <= 2_500_000
    assert len(found["classes"]) == 10
    assert found["scale"].shape == (384,)
    for part, number in (("train", 500), ("test", 50)):
        assert found[part].dtype == torch.int8
        assert found[part].shape == (10 * number, 384)
        assert found[f"{part}_labels"].bincount().tolist() == [number] * 10


def test_a_probe_learns_photographs_from_the_shipped_features():
    found = load_file(FILE)
    train, test = (found[part] * found["scale"] for part in ("train", "test"))
    probe = fit_probe(train[:1000], found["train_labels"][:1000], 10, weight_decay=0.1)
    right = probe(test).argmax(dim=1) == found["test_labels"]
    assert right.float().mean() > 0.6
