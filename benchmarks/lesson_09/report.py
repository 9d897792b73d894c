"""Section of RESULTS.md: lesson 09."""

from benchmarks.tables import over_seeds, recorded, table


def sections() -> list[str]:
    found, data = recorded("09_rnn.{dataset}", "training")
    by_network = found["training"]
    rows, blanked = [], []
    for name, cost in found["costs"].items():
        for order, measured in by_network.get(name, {}).items():
            size = f"{cost['parameters']:,}", f"{cost['multiply_adds']:,}"
            accuracy = over_seeds(measured["test_accuracy"])
            rows.append([name, order, *size, f"{measured['rate']:g}", accuracy])
            columns = zip(*measured["blanked_accuracy"], strict=True)
            blanked.append([name, order, *(over_seeds(list(column)) for column in columns)])
    parts = [
        f"## Lesson 09: recurrent networks, a CNN and attention of equal cost on {data}\n",
        f"{found['train_images']:,} images, {found['epochs']} epochs of Adam in one cycle, gradients "
        f"clipped at norm {found['clip']:g}, no augmentation. Each rate is the best of three on "
        "validation images, with a seed of its own. Here ± is the standard deviation over "
        f"{len(found['seeds'])} seeds:\n",
        table(["network", "pixels", "parameters", "multiply-adds", "rate", "test accuracy"], rows),
        "Validation accuracy with the first rows of what the network reads blanked, by their "
        "number:\n",
        table(["network", "pixels", *(str(number) for number in found["blanks"])], blanked),
    ]
    return ["\n".join(parts)]
