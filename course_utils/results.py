"""What a lesson measured, as a JSON file: equal runs give equal files."""

import json
import math
from typing import Any

from course_utils.paths import ROOT, output_folder, write_text

RECORDED_DIR = ROOT / "benchmarks" / "results"


def record(lesson: str, results: dict[str, Any], *, dataset: str, output_dir: str = "") -> None:
    """Write `results` and the data set's name to `<lesson>.json` in the lesson's output folder.

    Results are numbers, strings, booleans, and lists and dictionaries of them. No times: they
    differ from run to run. The file appears whole or not at all.

    Args:
        lesson: the notebook's name without its ending, such as "03_vgg_cnn".
        dataset: the data set's name, `splits.name`; claims are kept by it.
        output_dir: the notebook's parameter of that name.

    Raises:
        TypeError: if a key is no string, or a value (a tensor, a tuple, None) is none of the above.
        ValueError: if a number is infinite or not a number, or if `results` has a key "dataset".
    """
    if "dataset" in results:
        raise ValueError(
            "results['dataset'] is taken: give the data set's name as record(..., dataset=...)"
        )
    _check(results, "results")
    if not isinstance(dataset, str):
        raise TypeError(f"dataset is a {type(dataset).__name__}: use text, a name such as 'shapes'")
    values = {**results, "dataset": dataset}
    text = json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    path = output_folder(output_dir, lesson) / f"{lesson}.json"
    write_text(path, text)
    print(f"recorded {len(results)} results in {path.name}")


def _check(value: Any, where: str, key: Any = "") -> None:
    """Refuse what JSON cannot hold, or cannot hold exactly."""
    if not isinstance(key, str):
        raise TypeError(f"{where} has a key that is no string: write {str(key)!r}")
    if isinstance(value, dict):
        for inner, item in value.items():
            _check(item, f"{where}[{inner!r}]", inner)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check(item, f"{where}[{index}]")
    elif not isinstance(value, bool | int | float | str):
        tensor = hasattr(value, "tolist")
        way_out = "use .item() or .tolist()" if tensor else "use numbers, text, lists or dicts"
        raise TypeError(f"{where} is a {type(value).__name__}: {way_out}")
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{where} is {value}: record finite numbers only")


def load_recorded(name: str) -> dict:
    """A result that the course ships, recorded by a script in benchmarks/:
    `benchmarks/results/<name>.json`.

    Raises:
        FileNotFoundError: if there is none of that name.
    """
    path = RECORDED_DIR / f"{name}.json"
    if not path.exists():
        raise FileNotFoundError(
            f"no recorded result {name!r}: benchmarks/README.md says which script makes it"
        )
    return json.loads(path.read_text(encoding="utf-8"))
