"""Section of RESULTS.md: lesson 02."""

import torch

from benchmarks.lesson_02.run import SWEEPS
from benchmarks.tables import over_seeds, recorded, table, with_deviation

INPUTS = ("raw bytes", "[0, 1]", "normalised", "wrong std")


def sections() -> list[str]:
    found, title = recorded("02_normalization.{dataset}", *SWEEPS, "fed")
    rows = []
    for name in sorted(SWEEPS):
        for scaling in INPUTS:
            swept = found[name][scaling]
            lrs = ", ".join(f"{lr:g}" if lr else "none" for lr in swept["largest_rate"])
            losses = with_deviation(torch.tensor(swept["best_losses"]))
            rows.append([name, scaling, lrs, f"{swept['best_rate']:g}", losses])
    networks = {name: part for name, part in found["fed"].items() if isinstance(part, dict)}
    fed = [
        [network, scaling, over_seeds(accuracies)]
        for network, by_scaling in networks.items()
        for scaling, accuracies in by_scaling.items()
    ]
    note = (
        f"{found['steps']} steps of {found['batch_size']} images, Adam or SGD with momentum "
        f"{found['momentum']}; a rate trains if the loss ends {found['margin']} below ln 10. Here "
        f"± is the standard deviation over {len(found['seeds'])} seeds.\n\n"
    )
    header = [
        "training",
        "input",
        "largest rate that trains, seed by seed",
        "best rate",
        "loss at the end",
    ]
    trained = (
        f"Trained on normalised images ({found['fed']['images']:,}, {found['fed']['epochs']} "
        "epochs), then fed:\n\n"
    )
    fed_table = table(["network", "input", "validation accuracy"], fed)
    head = f"## Lesson 02: the scale of the input on {title}\n\n"
    return [head + note + table(header, rows) + "\n" + trained + fed_table]
