"""What grading reads of cells, and the values that come back from a submission's process."""

import math

import pytest
import torch

from course_utils.cli.grading import values
from course_utils.cli.grading.cells import bound, checked, parsed, used


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ('check("00.softmax", f)', "00.softmax"),
        ("check(\n    '03.a_tenth',\n    (1, 2))", "03.a_tenth"),
        ('def f(:\n    pass\ncheck("00.softmax", f)', "00.softmax"),
        ('!pip install x\ncheck("00.softmax", f)', "00.softmax"),
        ("sanity_check(model)", None),
    ],
)
def test_the_exercise_of_a_cell(source, name):
    assert checked(source) == name


def test_names_that_a_cell_defines():
    source = "import a.b as c, d.e\nx, (y, *z) = 1, (2, 3)\nfor i in z:\n    w: int = 1\n"
    assert bound(parsed(source + "def f():\n    inner = 1\n")) == set("cdxyziwf")


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("y = [x[0] for x in rows]", {"rows"}),
        ("y = [x for x in x]", {"x"}),
        ("y = {k: v + w for k, (v, _) in pairs if k}", {"pairs", "w"}),
        ("def f(x, n=N):\n    y = x + n\n    return y + z", {"N", "z"}),
        ("def f():\n    global total\n    total = total + 1", {"total"}),
        ("@wraps(g)\ndef f(x): ...", {"wraps", "g"}),
        ("key = lambda x, *rest: x + y", {"y"}),
        ("def f():\n    def inner(a):\n        return a + b + c\n    b = 1", {"c"}),
        ("count += 1", {"count"}),
        (
            "def f():\n    try:\n        g()\n    except E as e:\n        print(e)",
            {"g", "E", "print"},
        ),
    ],
)
def test_names_that_a_cell_takes_from_outside(source, names):
    assert used(parsed(source)) == names


@pytest.mark.parametrize(
    "source", ["x = " + "+".join("1" * 3000), "if x:\n    pass\n" + "elif x:\n    pass\n" * 2000]
)
def test_a_cell_that_would_exhaust_the_stack_defines_nothing_and_is_its_exercises(source):
    source += '\ncheck("00.softmax", 1)'
    assert bound(parsed(source)) == used(parsed(source)) == set()
    assert checked(source) == "00.softmax"


PLAIN = [
    None,
    True,
    3,
    math.inf,
    "Łukasz",
    [1, [2.5]],
    {"a": 1, 2: [None], 0.5: {}},
    torch.arange(6).reshape(2, 3),
    torch.tensor(1.5, dtype=torch.bfloat16),
    torch.zeros(0, 4, dtype=torch.bool),
]


@pytest.mark.parametrize("value", PLAIN)
def test_plain_values_come_back_as_they_were(value):
    found = values.loads(values.dumps(value))
    assert type(found) is type(value)
    if isinstance(value, torch.Tensor):
        assert found.dtype == value.dtype and torch.equal(found, value)
    else:
        assert found == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '["list", {"a": 1}]',
        '["dict", [["list"], 1]]',
        '["dict", 1]',
        '["tensor", "float32", [3], "AAAA"]',
        '["tensor", "complex64", [1], "AAAAAAAAAAA="]',
        '["tensor", "float32", [1], 7]',
        "[" * 100_000,
        "9" * 5000,
    ],
)
def test_a_text_that_is_no_plain_value_is_refused(text):
    with pytest.raises(ValueError, match="what came back cannot be read"):
        values.loads(text)
