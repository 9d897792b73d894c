"""A notebook saved where it matters while it runs. Imported only where a lesson is executed."""

from typing import Any

from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines

NAME = "sparing"


class SparingEngine(NBClientEngine):
    """Papermill's own, but for the saving.

    Papermill saves before and after each cell, of text too: some two hundred times for a lesson,
    which takes seconds. What is on the disk is the same where it is needed if a notebook is saved
    where a cell of code begins, now and then while one prints, and at the end.
    """

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, kernel_name: str, **options: Any
    ) -> Any:
        """Run the cells; `nb_man.save` is papermill's again when they have ended, however."""
        save = nb_man.save

        def save_now_and_then() -> None:
            since = nb_man.now() - nb_man.last_save_time
            if since.total_seconds() >= nb_man.autosave_cell_every:
                save()

        def save_before(**_: Any) -> None:
            save()

        nb_man.save = save_now_and_then
        try:
            return super().execute_managed_notebook(
                nb_man, kernel_name, on_cell_execute=save_before, **options
            )
        finally:
            nb_man.save = save


papermill_engines.register(NAME, SparingEngine)
