"""Section of RESULTS.md: lesson 09."""

import torch

from benchmarks.tables import largest_lr, over_seeds, recorded, table, with_deviation

ORDERS = ("rows", "columns", "permuted")


def sections() -> list[str]:
    found, data = recorded("09_rnn.{dataset}", "training", "clipping")
    by_network, rows = found["training"], []
    blanked, clipped = [], []
    for name, cost in found["costs"].items():
        accuracies = [
            over_seeds(by_network[name][o]["test_accuracy"]) if o in by_network[name] else ""
            for o in ORDERS
        ]
        rows.append([name, f"{cost['parameters']:,}", f"{cost['multiply_adds']:,}", *accuracies])
        for order, measured in by_network[name].items():
            columns = zip(*measured["blanked_accuracy"], strict=True)
            blanked.append([name, order, *(over_seeds(list(column)) for column in columns)])
    for title, part in found["clipping"].items():
        for way in ("not clipped", "clipped"):
            losses = torch.tensor(part[way])
            best = losses[:, losses.mean(dim=0).argmin()]
            largest = largest_lr(losses, part["rates"], found["ceiling"] / 2)
            clipped.append([title, way, largest, with_deviation(best)])
    parts = [
        f"## Lesson 09: recurrent networks and a CNN of equal cost on {data}\n",
        f"{found['train_images']:,} images, {found['epochs']} epochs of Adam in one cycle, no "
        f"augmentation. Here ± is the standard deviation over {len(found['seeds'])} seeds. Test "
        "accuracy by order of reading:\n",
        table(["network", "parameters", "multiply-adds", *ORDERS], rows),
        "Validation accuracy with the first rows of what the network reads blanked, by their "
        "number:\n",
        table(["network", "order", *(str(number) for number in found["blanks"])], blanked),
        f"Gradient clipping (norm {found['clip']:g}), {found['steps']} steps; a rate trains if all "
        "seeds end 0.1 below ln 10:\n",
        table(["training", "", "largest rate that trains", "loss at the end, best rate"], clipped),
    ]
    return ["\n".join(parts)]
