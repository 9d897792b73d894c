"""The process of a submission: the lesson's cells, its own, and what `collect` makes of its answer.

`limits.run` starts it. It prints what the cells print, and writes one file: the plain values that
came back, as JSON. It gives no verdict, and nothing that it writes is taken for one.
"""

import ast
import builtins
import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

COLLECTOR = "__collect__"  # what an answer calls in place of `check`, whatever it has made of that
READY = "ready"  # a file: the lesson's own cells have run, the submission's begin
COLLECTED = "collected.json"
FAULT = "fault.txt"  # what is wrong with the lesson's own cells


class Collector(ast.NodeTransformer):
    """Calls of `check` by name become calls of COLLECTOR."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "check":
            node.func = ast.copy_location(ast.Name(COLLECTOR, ast.Load()), node.func)
        return node


class NoShell:
    """Stands for IPython: magics and shell commands do nothing here."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments, **options: None


def main() -> None:
    """Run the job of `job.json` in the working directory."""
    job = json.loads(Path("job.json").read_text(encoding="utf-8"))
    here = Path.cwd()
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    namespace = _namespace()
    try:
        import course_utils.exercises as exercises
        from course_utils.cli.grading import values

        exercises.check = lambda name, answer: None  # the lesson's cells import it from there
        given = "\n".join(f"{name} = {value!r}" for name, value in job["values"].items())
        for source in (job["parameters"], given, *job["before"]):
            _execute(source, namespace)
    except BaseException as error:
        (here / FAULT).write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
        raise
    collect = exercises.collect
    collected: dict[str, Any] = {"called": False}

    def keep(name: object, answer: object = None) -> None:
        if name == job["exercise"]:
            collected.update(called=True, value=collect(job["exercise"], answer))

    namespace[COLLECTOR] = keep
    _limit_memory(job["memory"])
    (here / READY).touch()
    for source in job["own"]:
        with contextlib.suppress(
            Exception, SystemExit
        ):  # as in a notebook, where one goes on after an error
            _execute(source, namespace, keep)
    try:
        _execute(job["answer"], namespace, keep)
    except BaseException as error:  # SystemExit too
        collected = {"called": True, "value": {"error": f"{type(error).__name__}: {error}"}}
    try:
        text = values.dumps(collected)
    except (TypeError, RecursionError, RuntimeError) as error:
        text = values.dumps(
            {"called": True, "value": {"error": f"{type(error).__name__}: {error}"}}
        )
    partial = here / f"{COLLECTED}.part"
    partial.write_text(text, encoding="utf-8")
    partial.replace(here / COLLECTED)
    os._exit(0)  # threads and exit handlers that a submission left do not count


def _end_with(parent: int) -> None:
    """End with the process that supervises this one, however that ends."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _namespace() -> dict[str, Any]:
    from IPython.display import display

    builtins.get_ipython = NoShell  # type: ignore[attr-defined]
    builtins.display = display  # type: ignore[attr-defined]
    return {"__name__": "__main__", "In": [""]}


def _execute(source: str, namespace: dict[str, Any], keep: Callable | None = None) -> None:
    """Run a cell as a notebook would, but for its calls of `check`, which `keep` gets."""
    from course_utils.cli.grading.cells import python

    namespace["In"].append(source)  # `check_parameters` reads it
    tree = ast.parse(python(source), filename=f"<cell {len(namespace['In']) - 1}>")
    if keep:
        tree = ast.fix_missing_locations(Collector().visit(tree))
        namespace[COLLECTOR] = keep
    exec(compile(tree, f"<cell {len(namespace['In']) - 1}>", "exec"), namespace)


def _limit_memory(megabytes: int) -> None:
    """Let the process have so much more memory than it has now; on Linux only."""
    statm = Path("/proc/self/statm")
    if sys.platform != "linux" or not statm.exists():
        return
    import resource

    now = int(statm.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    limit = now + (megabytes << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
