"""What a learner measured may be a number of Python, NumPy or torch."""

import numpy as np
import pytest
import torch

from course_utils.exercises import collect, judge
from tests.lessons.lesson_03.wrong_answers import half


@pytest.mark.parametrize("number", [float, np.float64, np.array, torch.tensor])
def test_measured_accuracies_may_be_of_any_kind(number):
    answer = (half, number(0.7), number(0.5), number(0.6))
    assert judge("03.halving", collect("03.halving", answer)).correct
