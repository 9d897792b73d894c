"""The ladder's record from the lines that its trainings wrote.

python -m benchmarks.gpu.ladder.records ladder.jsonl benchmarks/results
"""

import json
import sys
from pathlib import Path

from benchmarks.gpu.ladder.rungs import LADDER
from benchmarks.harness import write_json

NAME = "08_fast_training.cifar10-gpu.json"
WANTED = {"goal 0.055": 0.92, "goal 0.19": 0.937, "goal 0.33": 0.943, "goal 0.95": 0.95}


def finished(lines: list[dict]) -> dict[str, dict]:
    """By part and name: what was trained, its share of the source's operations, and what each seed
    reached on the test images.
    """
    found: dict[str, dict] = {}
    for line in lines:
        if "test_accuracy" not in line:
            continue
        part = found.setdefault(line["part"], {})
        arm = part.setdefault(
            line["name"],
            {
                "arm": line["arm"],
                "epochs": line["epochs"],
                "operations": line["operations"],
                "test_accuracy": {},
                "test_accuracy_mirrored": {},
            },
        )
        for key in ("test_accuracy", "test_accuracy_mirrored"):
            arm[key][str(line["seed"])] = line[key]
    return found


def in_order(arms: dict[str, dict]) -> list[dict]:
    """The arms in the order in which the ladder has them."""
    return [{"name": rung.name, **arms[rung.name]} for rung in LADDER if rung.name in arms]


def record(lines: list[dict]) -> dict:
    """The record: goals, ladder, controls ("aside"), and every choice with its scores."""
    parts = finished(lines)
    goals = {name: parts.pop(name) for name in list(parts) if name.startswith("goal ")}
    chosen = [line for line in lines if line["part"] == "chosen"]
    device = next(line["device"] for line in lines if "device" in line)
    return {
        "chosen": [{k: v for k, v in line.items() if k not in ("part", "at")} for line in chosen],
        "dataset": "CIFAR-10",
        "device": device,
        "goals": {
            name.removeprefix("goal "): {"wanted": WANTED[name], "reached": arms}
            for name, arms in goals.items()
        },
        "images": 50_000,
        "rungs": in_order(parts["ladder"]),
        "controls": in_order(parts["aside"]),
        "precision": "bfloat16",
        "selection": "one seed or two, 45,000 images, on 5,000 validation images; the test once",
    }


def main() -> None:
    source, folder = (Path(value) for value in sys.argv[1:])
    lines = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    write_json(folder / NAME, record(lines))


if __name__ == "__main__":
    main()
