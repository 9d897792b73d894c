"""What several test files need."""

import re

import pytest
from torch import nn


def raises(error, message):
    """Expects an error with exactly this text."""
    return pytest.raises(error, match=f"^{re.escape(message)}$")


def small_features():
    """Feature layers with batch norm: (N, 3, H, W) -> (N, 5, H - 4, W - 4)."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.BatchNorm2d(5)
    )
