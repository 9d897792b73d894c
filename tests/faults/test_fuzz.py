"""Anything at all: no error but those that are documented."""

import functools
import os
import tempfile
from pathlib import Path

import click
import pytest
import torch
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from course_utils.checkpoints import load_file, save_file
from course_utils.cli import parameters
from course_utils.cli.claims import read_claims
from course_utils.cli.needs import read_needs
from course_utils.cli.run import plain_name
from course_utils.exercises import judge, plain
from course_utils.lessons.judging import number_or_none
from tests.trainings import equal

often = settings(
    max_examples=int(os.environ.get("STRESS_EXAMPLES", "100")),
    deadline=None,
    database=None,
    derandomize="STRESS_EXAMPLES"
    not in os.environ,  # what CI tries does not change from run to run
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
examples = []  # an entry for each


def tried(*strategies):
    """Runs a test with many values, and counts them."""

    def decorate(test):
        @functools.wraps(test)
        def counted(*values, **named):
            examples.append(1)
            return test(*values, **named)

        return often(given(*strategies)(counted))

    return decorate


@pytest.fixture(autouse=True)
def count(record_property):
    before = len(examples)
    yield
    record_property("examples", len(examples) - before)


KINDS = ["int", "float", "str", "bool", "list[int]", "tuple[int, float]", "dict", "unknown", ""]
leaves = some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=9)
nested = some.recursive(
    leaves,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(), inner, max_size=4),
    max_leaves=12,
)


@tried(some.text(), some.sampled_from(KINDS), some.sampled_from(["epochs", "seed", "picture", "x"]))
def test_any_text_is_a_parameter_or_refused(text, kind, name):
    try:
        parameters.parse(text, parameters.Parameter(name, kind, "0"))
    except ValueError as error:
        assert str(error).startswith(f"{name} is ")


@tried(nested, some.sampled_from(KINDS))
def test_any_value_of_a_preset_is_a_parameter_or_refused(value, kind):
    try:
        parameters.check(value, parameters.Parameter("x", kind, "0"))
    except ValueError as error:
        assert str(error).startswith("x is ")


@tried(some.text(max_size=200))
def test_any_name_of_a_run_is_a_folder_beside_the_others_or_refused(name):
    with tempfile.TemporaryDirectory() as here:
        try:
            folder = Path(here) / plain_name(name)
        except click.ClickException as error:
            assert len(error.message.splitlines()) == 1
            return
        folder.mkdir()
        assert [each.parent for each in Path(here).iterdir()] == [folder.parent] == [Path(here)]


@tried(nested)
def test_any_yaml_is_presets_and_claims_or_refused(content):
    declared = {"00_a": {"epochs": parameters.Parameter("epochs", "int", "1")}}
    with tempfile.TemporaryDirectory() as here:
        path = Path(here) / "x.yaml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        for read in (
            lambda: parameters.read_presets(path, declared),
            lambda: read_claims(path, {"00_a"}, {"smoke"}),
            lambda: read_needs(content, {"00_a"}, "x.yaml"),
        ):
            try:
                read()
            except click.ClickException as error:
                assert "x.yaml" in error.message


@tried(some.text())
def test_any_text_is_yaml_or_refused(text):
    with tempfile.TemporaryDirectory() as here:
        path = Path(here) / "x.yaml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            parameters.read_yaml(path)
        except click.ClickException as error:
            assert "x.yaml" in error.message


@functools.cache
def whole_file():
    with tempfile.TemporaryDirectory() as here:
        path = Path(here) / "x.pt"
        save_file({"w": torch.arange(40.0), "name": "x", "list": [1, None, True]}, path)
        return path.read_bytes()


@tried(some.data())
def test_a_damaged_file_of_tensors_is_read_as_it_was_or_refused(data):
    content = bytearray(whole_file())
    for _ in range(data.draw(some.integers(1, 3))):
        place = data.draw(some.integers(0, len(content) - 1))
        content[place] = data.draw(some.integers(0, 255))
    length = data.draw(some.sampled_from([len(content), len(content) // 2, 10, 0]))
    with tempfile.TemporaryDirectory() as here:
        path = Path(here) / "x.pt"
        path.write_bytes(content[:length])
        try:
            values = load_file(path)
        except ValueError as error:
            assert str(error).startswith("x.pt is damaged")
        else:
            assert isinstance(values, dict)


@tried(nested.filter(lambda value: not isinstance(value, float) or value == value))
def test_what_is_saved_is_read_back(value):
    with tempfile.TemporaryDirectory() as here:
        save_file({"value": value}, Path(here) / "x.pt")
        read = load_file(Path(here) / "x.pt")["value"]
    assert equal(read, value) or "nan" in repr(value)


NUMBERS = [
    3, 3.0, torch.tensor(3), torch.tensor(3.0), torch.tensor([3]), torch.tensor(3).short(),
    torch.tensor(3.0).half(), torch.tensor(3.0).bfloat16(), torch.nn.Parameter(torch.tensor(3.0)),
]  # fmt: skip


@pytest.mark.parametrize(
    "dtype", ["int8", "uint8", "int64", "uint64", "float16", "float32", "float64"]
)
def test_numpys_numbers_are_numbers(dtype):
    np = pytest.importorskip("numpy")
    for value in (getattr(np, dtype)(3), np.array(3, dtype), np.array([[3]], dtype)):
        assert number_or_none(value) == 3


@pytest.mark.parametrize("value", NUMBERS, ids=repr)
def test_torchs_numbers_are_numbers(value):
    assert number_or_none(value) == 3


@tried(nested)
def test_any_answer_gets_a_verdict(answer):
    for exercise in ("00.softmax", "00.small_network", "01.cutmix", "03.halving", "03.a_tenth"):
        assert judge(exercise, plain(answer)).message.startswith("not yet. ")
