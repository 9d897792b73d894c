"""What lesson 06 says of the first weights of a deep plain network without batch normalisation."""

import torch
import torch.nn.functional as F

from course_utils.models import ResNet, he_init


def first_to_last(start=None):
    """The first convolution's gradient over the last's, at depth 50."""
    torch.manual_seed(0)
    model = ResNet(50, 8, skip="none", batch_norm=False)
    if start:
        model.apply(start)
    F.cross_entropy(model(torch.randn(16, 3, 16, 16)), torch.arange(16) % 10).backward()
    first, last = model.stem[0].weight.grad, model.stages[2][7].conv2.weight.grad
    return (first.double().norm() / last.double().norm()).item()


def test_the_gradient_vanishes_with_the_weights_that_torch_gives():
    assert first_to_last() < 1e-8


def test_it_does_not_with_he_start():
    assert first_to_last(he_init) > 0.1
