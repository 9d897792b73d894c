"""Train goals and ladder: see the package's docstring."""

import argparse
import json
import time
from pathlib import Path

import torch

from benchmarks.gpu.ladder.plan import Best, Sizes, goal_programs
from benchmarks.gpu.ladder.pool import Later, Pool, Running
from benchmarks.gpu.ladder.rungs import climb

MINI_IMAGES = 400
MINI = Sizes(seeds=(0,), epochs=1, search_epochs=1, mini=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.gpu.ladder", description=__doc__)
    parser.add_argument("parts", nargs="*", default=["goals", "ladder"], help="goals, ladder")
    parser.add_argument("--data", type=Path, required=True, help="cifar-10-batches-py")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=230.0, help="stop when they are over")
    parser.add_argument("--workers", type=int, default=6, help="processes")
    parser.add_argument("--known", type=Path, nargs="*", default=[], help="earlier ladder.jsonl")
    parser.add_argument("--mini", action="store_true", help="everything in miniature")
    return parser.parse_args()


def read_known(paths: list[Path]) -> dict[str, dict]:
    """Finished trainings of earlier runs, by their key."""
    lines = (json.loads(line) for path in paths for line in path.read_text().splitlines())
    return {line["key"]: line for line in lines if "seconds" in line}


def main() -> None:
    began, chosen = time.time(), arguments()
    torch.set_num_threads(1)  # it only counts operations, beside processes that start
    chosen.out.mkdir(parents=True, exist_ok=True)
    pool = Pool(
        chosen.data, chosen.out, began + chosen.seconds, chosen.workers,
        limit=MINI_IMAGES if chosen.mini else 0, known=read_known(chosen.known), began=began,
    )  # fmt: skip
    pool.write(part="began", workers=chosen.workers, parts=chosen.parts, mini=chosen.mini)
    best = Best(pool.write, MINI if chosen.mini else Sizes(), Later())
    programs = goal_programs(best) if "goals" in chosen.parts else []
    if "ladder" in chosen.parts:
        programs.append(Running(climb(best), 5.0))
    pool.run(programs, best.later)
    pool.write(part="ended", left=len(best.later.asked))


if __name__ == "__main__":
    main()
