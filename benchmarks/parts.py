"""What benchmarks share in keeping results: a JSON file that is written whole, and a result that is
made in parts.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path


def write_json(path: Path, value: dict | list | float) -> None:
    """Write a value as the committed results are written. A run that is stopped leaves the file as
    it was.
    """
    text = json.dumps(value, indent=1, sort_keys=True) + "\n"
    temporary = Path(f"{path}.tmp")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    temporary.replace(path)


def keep(path: Path, measure: Callable[[], dict]) -> dict:
    """What `measure` gives, from its file if it is done, else measured and kept there."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, measure())
    return json.loads(path.read_text(encoding="utf-8"))


def run_parts(
    parts: dict[str, Callable[[str], dict]], result: Path, settings: dict, usage: str
) -> None:
    """Run the parts that the command line names after the folder (all, if none), and keep each as
    soon as it is done.

    A part is one entry of the result, and replaces only itself there.

    Raises:
        SystemExit: with `usage` and the parts' names, if a part is unknown or the folder is not
        there.
    """
    if len(sys.argv) < 2 or set(sys.argv[2:]) - set(parts) or not Path(sys.argv[1]).is_dir():
        raise SystemExit(f"{usage}\nThe parts are {'; '.join(parts)}")
    for name in sys.argv[2:] or parts:
        found = parts[name](sys.argv[1])
        kept = json.loads(result.read_text(encoding="utf-8")) if result.exists() else {}
        write_json(result, {**kept, **settings, name: found})
        print(f"{name}: done", flush=True)
