"""What `record` writes, and what it refuses."""

import math
from pathlib import Path

import pytest
import torch

from course_utils.results import record


def test_results_are_sorted_json_with_the_data_set(tmp_path, capsys):
    record(
        "03_vgg",
        {"b": 0.1, "a": {"list": [1, True, "é"]}},
        dataset="shapes",
        output_dir=str(tmp_path),
    )
    text = '{\n "a": {\n  "list": [\n   1,\n   true,\n   "é"\n  ]\n },\n "b": 0.1,\n "dataset": "shapes"\n}\n'
    assert (tmp_path / "03_vgg.json").read_bytes() == text.encode()
    assert [path.name for path in tmp_path.iterdir()] == ["03_vgg.json"]
    assert capsys.readouterr().out == "recorded 2 results in 03_vgg.json\n"


def test_the_order_of_results_does_not_matter(tmp_path):
    record("x", {"a": 1 / 3, "b": 2}, dataset="shapes", output_dir=str(tmp_path / "one"))
    record("x", {"b": 2, "a": 1 / 3}, dataset="shapes", output_dir=str(tmp_path / "two"))
    assert (tmp_path / "one" / "x.json").read_bytes() == (tmp_path / "two" / "x.json").read_bytes()


def test_without_output_dir_it_goes_to_the_lessons_folder_of_runs(tmp_path, monkeypatch):
    monkeypatch.setattr("course_utils.paths.RUNS_DIR", tmp_path)
    record("x", {}, dataset="shapes")
    assert (tmp_path / "x" / "x.json").exists()


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"a": torch.tensor(1.0)}, TypeError, "results['a'] is a Tensor: use .item() or .tolist()"),
        (
            {"a": {"b": [0, (1, 2)]}},
            TypeError,
            "results['a']['b'][1] is a tuple: use numbers, text, lists or dicts",
        ),
        ({"a": None}, TypeError, "results['a'] is a NoneType: use numbers, text, lists or dicts"),
        ({"a": math.nan}, ValueError, "results['a'] is nan: record finite numbers only"),
        (
            {"a": [1.0, -math.inf]},
            ValueError,
            "results['a'][1] is -inf: record finite numbers only",
        ),
        ({3: 1}, TypeError, "results[3] has a key that is no string: write '3'"),
        ({"a": {3: 1}}, TypeError, "results['a'][3] has a key that is no string: write '3'"),
        (
            {"dataset": "x"},
            ValueError,
            "results['dataset'] is taken: give the data set's name as record(..., dataset=...)",
        ),
    ],
)
def test_what_is_no_plain_value_is_refused_by_name(tmp_path, given, error, message):
    with pytest.raises(error) as raised:
        record("x", given, dataset="shapes", output_dir=str(tmp_path))
    assert str(raised.value) == message
    assert list(tmp_path.iterdir()) == []


def test_a_data_set_that_is_no_text_is_refused(tmp_path):
    with pytest.raises(
        TypeError, match=r"^dataset is a NoneType: use text, a name such as 'shapes'$"
    ):
        record("x", {}, dataset=None, output_dir=str(tmp_path))


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    record("x", {"a": 1}, dataset="shapes", output_dir=str(tmp_path))
    before = (tmp_path / "x.json").read_bytes()

    def full_disk(*args, **kwargs):
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(OSError, match="no space left"):
        record("x", {"a": 2}, dataset="shapes", output_dir=str(tmp_path))
    assert (tmp_path / "x.json").read_bytes() == before
