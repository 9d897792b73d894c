"""The runs of the diagnosis lesson: each has the fault of its case and no other."""

import pytest
import torch

from course_utils.data.transforms import steps
from course_utils.lessons.lesson_07.broken import (
    CASES,
    ForgetfulAdam,
    NeverEval,
    mirror_half,
    softmax_first,
    train_case,
)
from tests.helpers import raises
from tests.lessons.lesson_07.diagnosis_helpers import make_splits, part


@pytest.fixture(scope="module")
def few():
    return make_splits(part(40, 0, side=32), part(20, 1, side=32), part(20, 2, side=32))


@pytest.mark.parametrize("case", ["healthy", *CASES])
def test_train_case(few, case):
    options = {"epochs": 1, "batch_size": 20, "learning_rate": 0.001, "steps": 3, "seed": 0}
    run = train_case(case, few, batch_norm=True, device=torch.device("cpu"), **options)
    assert len(run.history.val_loss) == 1 and len(run.overfit_losses) == 3
    assert run.optimizer.param_groups[0]["lr"] == (0.01 if case == "D" else 0.001)
    assert isinstance(run.optimizer, ForgetfulAdam) == (case == "C")
    assert (run.loss_fn is softmax_first) == (case == "A")
    assert isinstance(run.model, NeverEval) == (case == "F")
    data = run.loaders.train.dataset
    assert torch.equal(data.targets, few.train.targets) == (case != "B")
    assert (mirror_half in steps(data.transform)) == (case == "E")
    assert mirror_half not in steps(few.train.transform)


def test_train_case_refuses_an_unknown_case(few):
    with raises(ValueError, "case is 'G': give one of A, B, C, D, E, F or 'healthy'"):
        train_case(
            "G", few, epochs=1, batch_size=20, learning_rate=0.001, steps=3, seed=0, device="cpu"
        )
