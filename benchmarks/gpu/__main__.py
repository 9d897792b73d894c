"""Run parts: see the package's docstring. Each training is a line of jobs.jsonl once it is done."""

import argparse
import json
import math
import os
import time
from pathlib import Path

os.environ.setdefault("CUDA_DEVICE_MAX_CONNECTIONS", "32")  # streams that do not wait for another

import torch

from benchmarks.gpu import augment, depth, faults, networks, scratch, source, standard, timing
from benchmarks.gpu.data import load
from benchmarks.gpu.lanes import Context, captured, read_lines, run_lanes
from benchmarks.gpu.sizes import FULL, MINI, Sizes

PARTS = {
    "source": source,
    "networks": networks,
    "standard": standard,
    "depth": depth,
    "faults": faults,
    "scratch": scratch,
    "augment": augment,
}
FIRST, LAST = -3, 0  # priorities of streams


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.gpu", description=__doc__)
    parser.add_argument(
        "parts", nargs="+", type=part_names, metavar="PART[+PART...]",
        help=f"{', '.join(PARTS)}; those joined by + run side by side, the first served first",
    )  # fmt: skip
    parser.add_argument("--data", type=Path, required=True, help="cifar-10-batches-py")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--known", type=Path, help="folder of an earlier run, to be completed")
    parser.add_argument("--mini", action="store_true", help="every part in miniature")
    parser.add_argument("--sizes", default="{}", help='changes, such as {"depth": 20}')
    parser.add_argument("--lanes", type=int, default=32, help="trainings at once")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop before so many are over")
    parser.add_argument("--limits", default="{}", help='seconds of a part, such as {"scratch": 30}')
    parser.add_argument("--channels-first", action="store_true")
    parser.add_argument(
        "--timing", action="store_true", help="first time parts, alone and together"
    )
    return parser.parse_args()


def part_names(text: str) -> list[str]:
    names = text.split("+")
    for name in names:
        if name not in PARTS:
            raise argparse.ArgumentTypeError(f"no part {name!r}; there are {', '.join(PARTS)}")
    return names


def chosen_sizes(mini: bool, changes: str) -> Sizes:
    base = MINI if mini else FULL
    read = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in json.loads(changes).items()
    }
    return Sizes(**vars(base) | read)


def run_group(context: Context, names: list[str], workers: int, *, time_them: bool) -> None:
    """Parts side by side: the device serves the first before the others, which fill the gaps.

    At equal priority the wide kernels of one starve beside the small ones of another.
    """
    parts = {}
    for place, name in enumerate(names):
        priority = min(FIRST + place, LAST)
        lanes = PARTS[name].lanes(context)
        parts[name] = captured(context, lanes, priority)
    if time_them:
        timing.measure(context, parts)
    run_lanes(context, [each for ready in parts.values() for each in ready], workers)


def main() -> None:
    began, chosen = time.monotonic(), arguments()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    chosen.out.mkdir(parents=True, exist_ok=True)
    sizes = chosen_sizes(chosen.mini, chosen.sizes)
    context = Context(
        load(chosen.data, device, limit=sizes.images), sizes, chosen.out, began + chosen.seconds,
        channels_last=not chosen.channels_first, began=began,
        known=read_lines(chosen.known / "jobs.jsonl") if chosen.known else [],
    )  # fmt: skip
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    context.write(part="began", device=name, torch=torch.__version__, sizes=vars(sizes))
    limits = json.loads(chosen.limits)
    deadline = context.deadline
    for names in chosen.parts:
        limit = max(limits.get(name, math.inf) for name in names)
        context.deadline = min(deadline, time.monotonic() + limit)
        context.write(part="part", arm="+".join(names))
        run_group(context, names, chosen.lanes, time_them=chosen.timing)
        if device.type == "cuda":
            torch.cuda.empty_cache()
    context.write(part="ended")


if __name__ == "__main__":
    main()
