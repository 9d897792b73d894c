"""Every weakness that was mended has a test that would see it again."""

import re

import pytest

from course_utils.paths import ROOT
from tests.faults.mended import MENDED


@pytest.mark.parametrize("test", MENDED.values(), ids=lambda test: test.partition("::test_")[2])
def test_a_mended_weakness_has_its_test(test):
    path, _, name = test.partition("::")
    assert re.search(rf"^def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
