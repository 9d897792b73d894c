"""Run parts: see the package's docstring. Each training is a line of jobs.jsonl once it is done."""

import argparse
import json
import math
import os
import time
from pathlib import Path

os.environ.setdefault("CUDA_DEVICE_MAX_CONNECTIONS", "32")  # streams that do not wait for another

import torch

from benchmarks.gpu import (
    augment,
    batches,
    cells,
    depth,
    faults,
    networks,
    norms,
    scaling,
    scratch,
    source,
    timing,
)
from benchmarks.gpu.data import load
from benchmarks.gpu.lanes import Context, run_lanes
from benchmarks.gpu.sizes import FULL, MINI

PARTS = {"source": source, "networks": networks, "depth": depth, "faults": faults}
PARTS |= {"norms": norms, "batches": batches, "cells": cells, "scratch": scratch}
MANY_SHAPES = ("batches", "cells", "scaling")
PARTS |= {"augment": augment, "scaling": scaling}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.gpu", description=__doc__)
    parser.add_argument("parts", nargs="+", choices=[*PARTS, "timing"])
    parser.add_argument("--data", type=Path, required=True, help="cifar-10-batches-py")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--mini", action="store_true", help="every part in miniature")
    parser.add_argument("--sizes", default="{}", help='changes, such as {"depth": 20}')
    parser.add_argument("--lanes", type=int, default=12, help="trainings at once")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop before so many are over")
    parser.add_argument("--limits", default="{}", help='seconds of a part, such as {"cells": 30}')
    parser.add_argument("--channels-first", action="store_true")
    return parser.parse_args()


def main() -> None:
    began, chosen = time.monotonic(), arguments()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    chosen.out.mkdir(parents=True, exist_ok=True)
    changes = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in json.loads(chosen.sizes).items()
    }
    base = MINI if chosen.mini else FULL
    sizes = type(base)(**vars(base) | changes)
    context = Context(
        load(chosen.data, device, limit=sizes.images), sizes, chosen.out, began + chosen.seconds,
        channels_last=not chosen.channels_first, began=began,
    )  # fmt: skip
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    context.write(part="began", device=name, torch=torch.__version__, sizes=vars(sizes))
    limits, deadline = json.loads(chosen.limits), context.deadline
    for part in chosen.parts:  # one after another: side by side, wide kernels starve
        context.deadline = min(deadline, time.monotonic() + limits.get(part, math.inf))
        context.write(part="part", arm=part)
        if part == "timing":
            timing.measure(context)
        else:
            lanes, benchmark = PARTS[part].lanes(context), part not in MANY_SHAPES
            run_lanes(context, lanes, chosen.lanes, benchmark=benchmark)
    context.write(part="ended")


if __name__ == "__main__":
    main()
