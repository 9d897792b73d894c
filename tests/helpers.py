"""What several test files need."""

import importlib.util
import re
from types import ModuleType

import pytest
from torch import nn

from course_utils.paths import ROOT


def raises(error, message):
    """Expects an error with exactly this text."""
    return pytest.raises(error, match=f"^{re.escape(message)}$")


def small_features():
    """Feature layers with batch norm: (N, 3, H, W) -> (N, 5, H - 4, W - 4)."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.BatchNorm2d(5)
    )


def script(name: str) -> ModuleType:
    """A script of benchmarks/, loaded anew: see the fixture benchmarks_are_importable."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
