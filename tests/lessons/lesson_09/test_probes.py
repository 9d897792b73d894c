"""The pull at each row of an image: by hand, and without a trace."""

import pytest
import torch
from torch import nn

from course_utils.lessons.lesson_09.probes import row_gradients


def test_row_gradients_by_hand():
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2, bias=False))
    nn.init.zeros_(model[1].weight)
    model[1].weight.data[0] = torch.tensor(
        [1.0, 3.0, 0.0, 0.0]
    )  # the second of two rows has no say
    images = torch.zeros(5, 1, 2, 2, requires_grad=True)
    rows = row_gradients(model, images, torch.zeros(5, dtype=torch.long))
    # Equal logits: each image's gradient is (p - 1) (w0 - w1) / 5, that is 0.1 and 0.3 in size.
    assert rows == [pytest.approx(((0.1**2 + 0.3**2) / 2) ** 0.5), 0.0]
    assert images.grad is None


def test_row_gradients_leave_no_trace():
    model = nn.Sequential(
        nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2 * 4 * 3, 2)
    ).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    rows = row_gradients(model, torch.rand(4, 3, 6, 5), torch.tensor([0, 1, 0, 1]))
    assert len(rows) == 6 and all(row > 0 for row in rows)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not model.training and all(p.grad is None for p in model.parameters())
