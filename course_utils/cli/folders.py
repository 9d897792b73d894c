"""Folders that a command is to write into."""

from pathlib import Path

from course_utils.paths import replacing


def make_writable(folder: Path) -> None:
    """Make a folder, if need be, and see that files can be made in it.

    Raises:
        OSError: if not; it names the folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / "written"):
            pass
        (folder / "written").unlink()
    except OSError as error:
        error.filename = str(folder)
        raise
