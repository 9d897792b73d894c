"""Section of RESULTS.md: lesson 02."""

import torch

from benchmarks.lesson_02.run import SWEEP
from benchmarks.lesson_02.scaling import INPUTS
from benchmarks.tables import recorded, table, with_deviation


def sections() -> list[str]:
    found, title = recorded("02_normalization.{dataset}", SWEEP)
    rows = []
    for scaling in INPUTS:
        swept = found[SWEEP][scaling]
        lrs = ", ".join(f"{lr:g}" if lr else "none" for lr in swept["largest_rate"])
        losses = with_deviation(torch.tensor(swept["best_losses"]))
        rows.append([scaling, lrs, f"{swept['best_rate']:g}", losses])
    note = (
        f"A linear classifier, {found['images']:,} images, {found['steps']} steps of "
        f"{found['batch_size']}, SGD with momentum {found['momentum']}; a rate trains if the loss "
        f"ends {found['margin']} below ln 10. Selection: each input's best rate, by the training loss "
        f"that is shown. Here ± is the standard deviation over {len(found['seeds'])} seeds.\n\n"
    )
    header = ["input", "largest rate that trains, seed by seed", "best rate", "loss at the end"]
    return [f"## Lesson 02: the scale of the input on {title}\n\n" + note + table(header, rows)]
