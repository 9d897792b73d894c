"""The parameters that notebooks declare, and the values that presets and the command line give
them.
"""

import ast
import difflib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from course_utils.paths import DATASETS
from course_utils.ranges import wanted

if TYPE_CHECKING:
    from nbformat import NotebookNode


@dataclass(frozen=True)
class Parameter:
    """One line of a notebook's parameters cell: its name, its type as written ("int", "list[int]"),
    its default and its help.
    """

    name: str
    kind: str
    default: str
    help: str = ""


Declared = dict[str, dict[str, Parameter]]  # lesson -> name -> parameter


def declared_parameters(notebook: "NotebookNode", lesson: str) -> dict[str, Parameter]:
    """The parameters that a notebook declares, by name; none if it has no cell tagged `parameters`.

    Raises:
        click.ClickException: if papermill cannot read one of them; a value given to it would be
        lost.
    """
    import papermill

    cells = [
        cell.source for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])
    ]
    try:
        read = papermill.inspect_notebook(notebook)
        written = _assigned_names(cells[0]) if cells else []
    except (ValueError, SyntaxError) as error:  # no kernel in the metadata; no Python in the cell
        raise click.ClickException(f"{lesson}: its parameters cannot be read: {error}") from None
    for name in written:
        if name not in read:
            raise click.ClickException(
                f"{lesson}: papermill cannot read the parameter {name!r}; write it `name: type = value  # help`, "
                "with no '|' or '...' in the type and no '=' in the help"
            )
    return {
        name: Parameter(name, _kind(item), item["default"], item["help"])
        for name, item in read.items()
    }


def _assigned_names(source: str) -> list[str]:
    targets = []
    for node in ast.parse(source).body:
        targets += node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _kind(item: dict[str, str]) -> str:
    if item["inferred_type_name"] != "None":
        return item["inferred_type_name"]
    try:
        return type(ast.literal_eval(item["default"])).__name__
    except (ValueError, SyntaxError):
        return "unknown"


def parse(text: str, parameter: Parameter) -> Any:
    """A value from the command line, in the parameter's type.

    Raises:
        ValueError: if the text is no such value.
    """
    readers = {
        "str": str,
        "int": int,
        "float": float,
        "bool": {"true": True, "false": False}.__getitem__,
    }
    try:
        value = readers.get(parameter.kind, ast.literal_eval)(
            text.lower() if parameter.kind == "bool" else text
        )
    except (ValueError, KeyError, SyntaxError, TypeError, RecursionError, MemoryError):
        value = text
    return check(value, parameter)


def check(value: Any, parameter: Parameter) -> Any:
    """The value, if it has the parameter's type: a whole number passes for a float, a tuple becomes
    a list.

    papermill can write int, float, str, bool and lists of them into a notebook, and nothing else.

    Raises:
        ValueError: if the value has another type, is a float that is not finite, or is out of range.
    """
    try:
        value = _fit(value, parameter.kind)
    except TypeError:
        hint = "; YAML reads 1e-3 as text: write 1.0e-3"
        hint = hint if parameter.kind == "float" and _reads_as_float(value) else ""
        raise ValueError(
            f"{parameter.name} is {value!r}, which is no {parameter.kind} (default {parameter.default}{hint})"
        ) from None
    if instead := wanted(parameter.name, parameter.kind, value):
        raise ValueError(f"{parameter.name} is {value!r}: give {instead}")
    return value


def _fit(value: Any, kind: str) -> Any:
    if kind == "float" and type(value) in (int, float) and math.isfinite(value):
        return float(value)
    if kind in ("int", "str", "bool") and type(value).__name__ == kind:
        return value
    outer, _, inner = kind.partition("[")
    if outer in ("list", "tuple") and isinstance(value, list | tuple):
        inner = inner.removesuffix("]")
        kinds = (
            [each.strip() for each in inner.split(",")]
            if outer == "tuple" and inner
            else [inner] * len(value)
        )
        if len(kinds) == len(value):
            return [
                _fit(item, each or type(item).__name__)
                for item, each in zip(value, kinds, strict=True)
            ]
    raise TypeError


def _reads_as_float(value: Any) -> bool:
    try:
        return isinstance(value, str) and math.isfinite(float(value))
    except ValueError:
        return False


def read_presets(path: Path, declared: Declared) -> dict[str, dict[str, Any]]:
    """The presets of a file, each with its `common` values and its values by `lessons`. The key
    `needs` is no preset.

    Raises:
        click.ClickException: if the file is missing or no YAML, or names a lesson or a parameter
        that is nowhere
            declared.
    """
    known = {name for parameters in declared.values() for name in parameters}
    presets = {}
    for preset, content in read_yaml(path).items():
        if preset == "needs":
            continue
        content = content or {}
        if not isinstance(content, dict) or set(content) - {"common", "lessons"}:
            raise click.ClickException(
                f"{path.name}: {preset}: wants `common` and `lessons`, has {content!r}"
            )
        common, lessons = content.get("common") or {}, content.get("lessons") or {}
        for name in common:
            if name not in known:
                raise click.ClickException(
                    f"{path.name}: {preset}: {name}: no lesson has it{_nearest(name, known)}"
                )
        for lesson, values in lessons.items():
            if lesson not in declared:
                raise click.ClickException(f"{path.name}: {preset}: {lesson}: no such lesson")
            for name in values or {}:
                if name not in declared[lesson]:
                    raise click.ClickException(
                        f"{path.name}: {preset}: {_unknown(name, [lesson], declared)}"
                    )
        presets[preset] = {"common": common, "lessons": lessons}
    return presets


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file that holds a mapping.

    Raises:
        click.ClickException: if it is missing, no YAML, or no mapping.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError) as error:
        reason = " ".join(str(getattr(error, "strerror", None) or error).split())
        raise click.ClickException(f"{path.name}: cannot be read: {reason}") from None
    if not isinstance(content, dict):
        raise click.ClickException(f"{path.name}: wants a mapping, has {type(content).__name__}")
    return content


def preset_values(
    preset: dict[str, Any], lesson: str, parameters: dict[str, Parameter]
) -> dict[str, Any]:
    """A preset's values for one lesson: the common ones that it has parameters for, then its own.

    Raises:
        ValueError: if a value has another type than its parameter.
    """
    common = {name: value for name, value in preset["common"].items() if name in parameters}
    values = common | (preset["lessons"].get(lesson) or {})
    return {name: check(value, parameters[name]) for name, value in values.items()}


def check_names(names: Iterable[str], declared: Declared) -> None:
    """Refuse the name of a parameter that not all of the lessons have.

    Raises:
        click.ClickException: naming the parameter, the lessons that lack it, and the nearest one
        that they have.
    """
    for name in names:
        if name == "output_dir":
            raise click.ClickException(
                "output_dir: the run sets it; name the run's folder with --name"
            )
        lacking = [lesson for lesson, parameters in declared.items() if name not in parameters]
        if lacking and len(lacking) < len(declared):
            having = ", ".join(lesson for lesson in declared if lesson not in lacking)
            raise click.ClickException(
                f"{name}: no such parameter in {', '.join(lacking)}; select only lessons that have it: {having}"
            )
        if lacking:
            raise click.ClickException(_unknown(name, lacking, declared))


def _unknown(name: str, lessons: list[str], declared: Declared) -> str:
    known = sorted({known for lesson in lessons for known in declared[lesson]})
    has = "it has" if len(lessons) == 1 else "they have"
    listed = ", ".join(known) or "none"
    shown = name or repr(name)
    return f"{shown}: no such parameter in {', '.join(lessons)}{_nearest(name, known)} ({has}: {listed})"


def _nearest(name: str, known: Iterable[str]) -> str:
    nearest = difflib.get_close_matches(str(name), sorted(known), n=1)
    return f"; did you mean {nearest[0]!r}?" if nearest else ""


def resolve_paths(values: dict[str, Any], parameters: dict[str, Parameter]) -> dict[str, Any]:
    """The values, with absolute paths where a path is meant: kernels work in another folder.

    A parameter that may be a path says so in its help, after the words that it may be instead:
    "auto, none, or the path of a file".

    Raises:
        click.ClickException: if there is no such file or folder.
    """
    resolved = dict(values)
    for name, value in values.items():
        words, may_be_path, _ = parameters[name].help.partition("path of")
        if name == "dataset":
            resolved[name] = resolve_dataset(value)
        elif may_be_path and value:
            resolved[name] = _resolve_file(name, value, re.findall(r"\w+", words))
    return resolved


def resolve_dataset(value: str) -> str:
    """A data set's name as it is, a folder as an absolute path.

    Raises:
        click.ClickException: if the folder does not exist.
    """
    if value in DATASETS:
        return value
    path = _absolute(value)
    if not path or not path.is_dir():
        raise click.ClickException(
            f"dataset {value!r}: no such folder; give one of pictures, or {', '.join(DATASETS)}"
        )
    return str(path)


def _resolve_file(name: str, value: str, words: list[str]) -> str:
    path = _absolute(value)
    if value in words:
        return value
    if not path or not path.is_file():
        others = ", ".join(word for word in words if word not in ("or", "the"))
        instead = f"the path of one, or {others}" if others else "the path of one"
        raise click.ClickException(f"{name} {value!r}: no such file; give {instead}")
    return str(path)


def _absolute(value: str) -> Path | None:
    """The path of something that exists.

    Raises:
        click.ClickException: if it has a name that cannot be written.
    """
    try:
        path = Path(value).expanduser().resolve()
        if not (value and path.exists()):
            return None
    except (OSError, ValueError, RuntimeError):  # too long; a zero byte; nobody's home
        return None
    try:
        str(path).encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8, which no notebook could hold
        raise click.ClickException(f"{str(path)!r}: its name is no text: rename it") from None
    return path
