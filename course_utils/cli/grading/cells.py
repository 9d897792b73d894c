"""Exercises in notebooks, by their call of `check`, and the cells that one of them needs."""

import ast
import re
from collections.abc import Iterable, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode

HEADING = re.compile(r"^#{2,6} +(.+)$", re.MULTILINE)
DEEPEST = 100  # levels of a syntax tree that is read here; people stay far below
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Exercise:
    """An exercise of a lesson: its name ("03.conv_layer"), the heading above it, its starter cell,
    and whether it uses what the lesson trained.
    """

    name: str
    title: str
    starter: "NotebookNode"
    measured: bool


def tags(cell: "NotebookNode") -> list[str]:
    return cell.metadata.get("tags", [])


def python(source: str) -> str:
    """A cell's source as Python: what is not (`%time`, `!pip`) becomes calls of `get_ipython`."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return TransformerManager().transform_cell(source)
    return source


@lru_cache(maxsize=10_000)  # the same cells, for each exercise of each submission
def parsed(source: str) -> ast.Module:
    """A cell's syntax tree; empty if it is no Python, or nested so deeply that walking it would
    exhaust the stack: then it defines nothing.
    """
    try:
        tree = ast.parse(python(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return ast.Module([], []) if level else tree


@lru_cache(maxsize=10_000)
def checked(source: str) -> str | None:
    """The exercise that a cell checks: the first argument of its last call of `check`."""
    calls = [
        node
        for node in ast.walk(parsed(source))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check" and node.args
    ]
    names = [getattr(call.args[0], "value", None) for call in calls]
    names = [name for name in names if isinstance(name, str)]
    # A cell that is broken still is its exercise's: it says what is wrong with it.
    names = names or re.findall(r"""\bcheck\(\s*["']([^"']+)["']""", source)
    return names[-1] if names else None


def find_exercises(notebook: "NotebookNode") -> list[Exercise]:
    """The exercises of a lesson, in order: cells that call `check` and are not tagged `solution`."""
    found, title = {}, ""
    for cell in notebook.cells:
        headings = HEADING.findall(cell.source) if cell.cell_type == "markdown" else []
        title = headings[-1].removeprefix("Exercise ") if headings else title
        if cell.cell_type == "code" and "solution" not in tags(cell):
            name = checked(cell.source)
            if name and re.match(r"\d\d\.\w+$", name):
                found[name] = Exercise(name, title, cell, "measured" in tags(cell))
    return list(found.values())


def bound(tree: ast.AST) -> set[str]:
    """The names that a cell gives a value, at its top level."""
    names: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif not isinstance(node, (ast.Lambda, ast.comprehension)):
            names |= bound(node)
            if isinstance(node, ast.ExceptHandler) and node.name:
                names.add(node.name)
    return names


def used(tree: ast.AST) -> set[str]:
    """The names that a cell reads from outside: in its functions too, but not what those, or a
    comprehension, bind for themselves.
    """
    read = set().union(*map(used, ast.iter_child_nodes(tree)))
    if isinstance(tree, ast.Name) and isinstance(tree.ctx, ast.Load):
        read.add(tree.id)
    elif isinstance(tree, ast.AugAssign) and isinstance(tree.target, ast.Name):
        read.add(tree.target.id)
    elif isinstance(tree, COMPREHENSIONS):
        outside = used(tree.generators[0].iter)  # is evaluated before the others' names are bound
        targets = (node for part in tree.generators for node in ast.walk(part.target))
        read = outside | read - {node.id for node in targets if isinstance(node, ast.Name)}
    elif isinstance(tree, FUNCTIONS):
        outside = used(tree.args).union(*map(used, getattr(tree, "decorator_list", ())))
        read = outside | read - _own_names(tree)
    return read


def _own_names(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> set[str]:
    """A function's parameters and local variables."""
    given = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
    if isinstance(function, ast.Lambda):
        return given
    shared = (n for n in ast.walk(function) if isinstance(n, (ast.Global, ast.Nonlocal)))
    return given | bound(ast.Module(function.body, [])) - {name for n in shared for name in n.names}


def needed(
    sources: Iterable[str], names: set[str], changing: Set[str] = frozenset()
) -> tuple[list[str], set[str]]:
    """Of cells in order, those that define `names`, and what those need in turn; and all names that
    have been asked for. Of `changing`, cells that use a name may change its value (`fit(network)`,
    `found[lr] = loss`), so they count too, unless they are an exercise.
    """
    kept, names = [], set(names)
    for source in reversed(list(sources)):
        tree = parsed(source)
        changes = set() if checked(source) else used(tree) & names & changing
        if changes or bound(tree) & names:
            kept.append(source)
            names |= used(tree)
    return kept[::-1], names


def program(lesson: "NotebookNode", exercise: Exercise, submission: "NotebookNode") -> dict:
    """What to run for an exercise: the lesson's "parameters" and its cells "before", both from the
    course; then the submission's "own", those that its answer needs; last its "answer", the cell
    that calls `check`, or None if there is none.

    An exercise that uses what the lesson trained gets all cells before it, another one those that
    define what it needs. A lesson's cells count as the course has them, however a submission
    changed them.
    """
    answer = find_answer(submission, exercise)
    if answer is None:
        return {"parameters": "", "before": [], "own": [], "answer": None}
    course = []
    parameters = ""
    known = {part for cell in _lessons_own(lesson) for part in (cell.id, cell.source)}
    solutions = {cell.id for cell in lesson.cells if "solution" in tags(cell)}
    for cell in lesson.cells:
        if cell.id == exercise.starter.id:
            break
        if "parameters" in tags(cell):
            parameters = cell.source
        elif cell.cell_type == "code" and "solution" not in tags(cell) and not is_exercise(cell):
            course.append(cell.source)
    own = []
    for cell in submission.cells[: submission.cells.index(answer)]:
        if cell.cell_type != "code" or "solution" in tags(cell) or cell.get("id") in solutions:
            continue
        if is_exercise(cell) or not known & {cell.get("id"), cell.source}:
            own.append(cell.source)
    their_names = set().union(*(bound(parsed(source)) for source in own))
    own, names = needed(own, used(parsed(answer.source)), their_names)
    if not exercise.measured:
        course, _ = needed(course, names)
    return {"parameters": parameters, "before": course, "own": own, "answer": answer.source}


def find_answer(submission: "NotebookNode", exercise: Exercise) -> "NotebookNode | None":
    """The cell that answers an exercise: the last one that checks it and is not the starter, else
    the starter.
    """
    cells = [
        cell
        for cell in submission.cells
        if cell.cell_type == "code"
        and "solution" not in tags(cell)
        and checked(cell.source) == exercise.name
    ]
    begun = [cell for cell in cells if not is_starter(cell.source, exercise)]
    return (begun or cells or [None])[-1]


def is_starter(source: str, exercise: Exercise) -> bool:
    """Whether a cell is the starter still, whatever its layout and comments."""
    return ast.dump(parsed(source)) == ast.dump(parsed(exercise.starter.source))


def _lessons_own(lesson: "NotebookNode") -> "list[NotebookNode]":
    """A lesson's code cells, but for its exercises."""
    return [cell for cell in lesson.cells if cell.cell_type == "code" and not is_exercise(cell)]


def is_exercise(cell: "NotebookNode") -> bool:
    """Whether a code cell checks an exercise."""
    name = checked(cell.source)
    return bool(name and re.match(r"\d\d\.\w+$", name))
