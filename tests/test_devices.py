"""Apple's mps has no float64: what lies on a device comes to the CPU first. By reading, since no
such device is here.
"""

import ast

from course_utils.paths import ROOT

# What turns tensors that lie on the CPU anyway into float64
ON_THE_CPU = {
    "channel_stats", "descent", "pixel_bins",  # images of a data set
    "cells_that_matter",  # numbers drawn for a figure
    "close", "same", "judge_cutmix",  # collected answers
    "reliability", "fit_temperature",  # logits of `predict`
}  # fmt: skip
FILES = sorted((ROOT / "course_utils").rglob("*.py"))


def doubles(tree):
    """(function, line) of each `.double()` whose tensor was not brought to the CPU before."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            called = isinstance(node, ast.Call) and ast.unparse(node.func)
            if called and called.endswith(".double") and ".cpu()" not in called:
                yield function.name, node.lineno


def test_the_package_makes_float64_on_the_cpu_alone():
    found = [
        (path.name, name, line)
        for path in FILES
        for name, line in doubles(ast.parse(path.read_text(encoding="utf-8")))
        if name not in ON_THE_CPU
    ]
    assert found == []
