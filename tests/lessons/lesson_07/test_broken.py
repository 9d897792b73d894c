"""The patients of the diagnosis lesson: each has the fault of its case and no other."""

import pytest
import torch

from course_utils.data.transforms import steps
from course_utils.lessons.lesson_07.broken import (
    CASES,
    ForgetfulAdam,
    NeverEval,
    mirror_half,
    softmax_first,
    train_patient,
)
from tests.helpers import raises
from tests.lessons.lesson_07.diagnosis_helpers import make_splits, part


@pytest.fixture(scope="module")
def few():
    return make_splits(part(40, 0, side=32), part(20, 1, side=32), part(20, 2, side=32))


@pytest.mark.parametrize("case", ["healthy", *CASES])
def test_train_patient(few, case):
    options = {"epochs": 1, "batch_size": 20, "learning_rate": 0.001, "steps": 3, "seed": 0}
    patient = train_patient(case, few, batch_norm=True, device=torch.device("cpu"), **options)
    assert len(patient.history.val_loss) == 1 and len(patient.by_heart) == 3
    assert patient.optimizer.param_groups[0]["lr"] == (0.01 if case == "D" else 0.001)
    assert isinstance(patient.optimizer, ForgetfulAdam) == (case == "C")
    assert (patient.loss_fn is softmax_first) == (case == "A") and isinstance(
        patient.model, NeverEval
    ) == (case == "F")
    data = patient.loaders.train.dataset
    assert torch.equal(data.targets, few.train.targets) == (case != "B")
    assert (mirror_half in steps(data.transform)) == (case == "E")
    assert mirror_half not in steps(few.train.transform)


def test_train_patient_refuses_an_unknown_case(few):
    with raises(ValueError, "case is 'G': give one of A, B, C, D, E, F or 'healthy'"):
        train_patient(
            "G", few, epochs=1, batch_size=20, learning_rate=0.001, steps=3, seed=0, device="cpu"
        )
