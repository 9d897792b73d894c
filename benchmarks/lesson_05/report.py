"""Section of RESULTS.md: lesson 05."""

import torch

from benchmarks.tables import largest_lr, over_seeds, recorded, table, with_deviation

ENTRIES = ("rates", "depth", "small_groups", "small_batches", "tuned", "forgotten")


def sections() -> list[str]:
    found, title = recorded("05_batch_normalization.{dataset}", *ENTRIES)
    norms = (
        "no normalisation",
        "group normalisation",
        "batch normalisation",
        "batch normalisation, recomputed",
    )
    parts = {"small_groups": "32 images, normalised in groups", "small_batches": "few images"}
    rows = [
        [title, norm, *(over_seeds(list(column)) for column in zip(*found[key][norm], strict=True))]
        for key, title in parts.items()
        for norm in norms
    ]
    sizes = [f"{size}" for size in found["small_groups"]["sizes"]]
    order = ("evaluation mode", *(f"batch {size}" for size in (1, 2, 4, 32)), "sorted, 32")
    forgotten = [
        [name, *(over_seeds(found["forgotten"][name][k]) for k in ("shown", "afterwards"))]
        for name in order
    ]
    again = over_seeds(found["forgotten"]["recomputed"]["shown"])
    forgotten.append(["evaluation mode, statistics recomputed on training images", again, ""])
    sweeps = []
    for part in ("rates", "depth"):
        for kind, swept in found[part].items():
            if isinstance(swept, dict):
                losses = torch.tensor(swept["losses"])
                best = losses.mean(dim=0).argmin()
                end = with_deviation(losses[:, best])
                largest = largest_lr(losses, found[part]["rates"], found[part]["chance"])
                sweeps.append(
                    [{"rates": "six convolutions", "depth": "twenty"}[part], kind, largest, end]
                )
    head = f"## Lesson 05: batch normalization on {title}\n\n"
    note = (
        f"{found['images']:,} training images; losses after {found['steps']} steps of plain SGD, each "
        f"at its best rate by that loss; accuracies after {found['epochs']} epochs of Adam, on "
        "validation images, with one rate for all where no other is named; those with a forgotten "
        f"`eval()` after {found['full_epochs']} epochs of all images, on test images. Here ± is the standard "
        f"deviation over {len(found['seeds'])} seeds.\n\n"
    )
    header = [
        "layers",
        "network",
        "largest rate that trains in all seeds",
        "loss at the end, best rate",
    ]
    header_small = ["each step has", "network", *sizes]
    header_forgotten = [
        "forgotten `eval()`, test images",
        "accuracy shown",
        "in evaluation mode afterwards",
    ]
    tables = (
        table(header, sweeps),
        table(header_small, rows),
        tuned(found["tuned"]),
        table(header_forgotten, forgotten),
    )
    return [head + note + "\n".join(tables)]


def tuned(by_size: dict) -> str:
    """Each normalisation by Adam's rate for 32 images (of n: times the root of n / 32)."""
    rows = [
        [size, norm, *(over_seeds(accuracies) for accuracies in by_rate.values())]
        for size, by_norm in by_size.items()
        for norm, by_rate in by_norm.items()
    ]
    rates = next(iter(next(iter(by_size.values())).values()))
    return table(["images in a step", "network", *(f"rate {rate}" for rate in rates)], rows)
