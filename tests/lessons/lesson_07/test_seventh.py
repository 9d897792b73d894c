"""The seventh patient, and the labels that the open exercise makes wrong."""

import pytest
import torch
from torch import nn

from course_utils.exercises import collect, judge
from course_utils.lessons.lesson_07.broken import (
    WARD,
    ForgetfulAdam,
    NeverEval,
    drawn,
    train_case,
    with_wrong_labels,
    wrong_places,
)
from tests.lessons.lesson_07.diagnosis_helpers import make_splits, part

SEEDS = {name: next(seed for seed in range(100) if drawn(seed) == name) for name in WARD}


@pytest.fixture(scope="module")
def few():
    return make_splits(part(40, 0, side=32), part(20, 1, side=32), part(20, 2, side=32))


@pytest.mark.parametrize("fault", WARD)
def test_the_seed_draws_the_fault_and_no_other(few, fault):
    options = {"epochs": 1, "batch_size": 20, "learning_rate": 0.003, "steps": 2}
    run = train_case("seventh", few, seed=SEEDS[fault], device=torch.device("cpu"), **options)
    group = run.optimizer.param_groups[0]
    learned = sum(p.numel() for p in group["params"])
    val = torch.stack([image for image, _ in run.loaders.val.dataset])
    seen = {
        "softmax": isinstance(run.model, nn.Sequential),
        "labels": not torch.equal(run.loaders.train.dataset.targets, few.train.targets),
        "zero_grad": isinstance(run.optimizer, ForgetfulAdam),
        "rate": group["lr"] == pytest.approx(1e-5),
        "eval": isinstance(run.model, NeverEval),
        "frozen": learned < sum(p.numel() for p in run.model.parameters()),
        "scale": val.min().item() >= 0,
    }
    assert [name for name, present in seen.items() if present] == [fault]


@pytest.mark.parametrize("fault", WARD)
def test_only_the_diagnosis_of_the_seed_is_correct(fault):
    verdicts = {
        name: judge("07.seventh", collect("07.seventh", (SEEDS[fault], name))).correct
        for name in WARD
    }
    assert verdicts == {name: name == fault for name in WARD}


def test_a_tenth_of_the_labels_is_made_wrong_and_the_rest_stays(few):
    labels, noisy = few.train.targets, with_wrong_labels(few, seed=3).train.targets
    assert (labels != noisy).nonzero().flatten().tolist() == sorted(wrong_places(40, 3).tolist())
    assert (labels != noisy).sum() == 4
    assert torch.equal(with_wrong_labels(few, seed=3, share=0.0).train.targets, labels)
