"""Section of RESULTS.md: lesson 07."""

import torch

from benchmarks.tables import gain, over_seeds, recorded, table


def sections() -> list[str]:
    found, title = recorded("07_diagnosis.{dataset}-gpu", "faults")
    rows = []
    for fault in found["faults"]:
        accuracies = [over_seeds(fault[key]) for key in ("healthy", "faulty")]
        change = torch.tensor(fault["faulty"]).mean() - torch.tensor(fault["healthy"]).mean()
        paired = gain(fault["faulty"], fault["healthy"])
        rows.append((change, [fault["fault"], fault["kind"], *accuracies, paired]))
    rows = [row for _, row in sorted(rows, key=lambda pair: pair[0])]
    keys = ("ece_before", "ece_after", "temperature")
    calibration = [
        [network, *(f"{values[key]:.3f}" for key in keys)]
        for network, values in found["calibration"].items()
    ]
    note = (
        f"{found['network']}, {found['images']:,} training images, {found['epochs']} epochs "
        f"({found['epochs_leak']} for the leaks), {found['optimizer']}, {found['augmentation']}, "
        f"{found['precision']}; rate {found['lr']:g}, by {found['selection']}. The candidates are "
        f"smaller, and learn from {found['candidate_images']:,} images. Change: of the accuracy "
        "that is reported, paired by seed, with its 95 % t-interval; ± is the standard deviation "
        f"over seeds. {found['device']}.\n\n"
    )
    head = f"## Lesson 07: what faults change on {title}\n\n"
    header = ["fault", "kind", "healthy", "faulty", "change"]
    trained = (
        "\nConfidence of networks on test images; the temperature was chosen on validation "
        "images:\n\n"
    )
    header_trained = ["network", "ECE as trained", "divided by the temperature", "temperature"]
    calibrated = table(header_trained, calibration)
    return [head + note + table(header, rows) + trained + calibrated]
