"""A small world for the tests of lesson 08's benchmark."""

import importlib
from contextlib import contextmanager
from dataclasses import replace

from course_utils.models import SourceResNet


def make_small(monkeypatch, tmp_path, make_folder):
    """A few pictures. The benchmark has narrow networks, a folder of its own to write to, one
    process, one thread.
    """
    cost_kept, bench, cells, ladder, parts, goals = map(
        importlib.import_module,
        ("cost_kept", "cost_to_accuracy", "cost_cells", "ladder", "ladder_parts", "goal_parts"),
    )

    class OneProcess:
        @staticmethod
        def imap_unordered(work, tasks):
            return map(work, tasks)

    @contextmanager
    def one_process():
        yield OneProcess

    for module in (cost_kept, goals):
        monkeypatch.setattr(module, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(bench, "RESULT", tmp_path / "result.json")
    for module in (bench, parts, goals):
        monkeypatch.setattr(module, "two_processes", one_process)
        monkeypatch.setattr(module, "use_all_cores", lambda: None)
    monkeypatch.setattr(cells, "BESIDE", 2)
    monkeypatch.setattr(cells.source_step, "__defaults__", (1,))
    monkeypatch.setattr(ladder, "WIDTHS", (4, 8, 8))
    monkeypatch.setattr(ladder, "SOURCE_RECIPE", replace(ladder.SOURCE_RECIPE, widths=(4, 8, 8)))
    monkeypatch.setitem(
        ladder.NETWORKS, "source", lambda n: SourceResNet(n, widths=(4, 8, 8), hidden=(8, 8))
    )
    monkeypatch.setattr(cost_kept, "DATA", {})
    return str(make_folder({"train": {"cat": 60, "dog": 60}, "test": {"cat": 2, "dog": 2}}))


def small(settings):
    """The same, in an instant; the source's batch size stays, which its loop is known by."""
    size = settings.recipe.batch_size
    return settings.change(epochs=2, batch_size=size if size == 32 else 24)


def narrow(settings):
    return settings.change(widths=(4, 8, 8), batch_size=24)
