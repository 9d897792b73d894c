"""Section of RESULTS.md: lesson 01."""

import torch

from benchmarks.tables import over_seeds, percent, recorded, table


def sections() -> list[str]:
    rows = []
    for size in ("5k", "45k"):
        found, title = recorded(f"01_data_augmentation.{{dataset}}-{size}", "arms")
        amounts = [f"{found['train_images']:,}", str(found["epochs"])]
        for arm, measured in found["arms"].items():
            train = percent(torch.tensor(measured["train_accuracy"]).mean())
            test = over_seeds(measured["test_accuracy"])
            rows.append([arm.replace("_", " "), *amounts, train, test])
    head = f"## Lesson 01: augmentation on {title}\n\n"
    note = f"Means over {found['seeds']} seeds; here ± is the standard deviation over seeds.\n\n"
    columns = [
        "augmentation",
        "training images",
        "epochs",
        "training accuracy, not augmented",
        "test accuracy",
    ]
    return [head + note + table(columns, rows)]
