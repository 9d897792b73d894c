"""Section of RESULTS.md: lesson 07."""

import torch

from benchmarks.tables import over_seeds, recorded, table, with_deviation


def sections() -> list[str]:
    found, title = recorded("07_diagnosis.{dataset}", "faults")
    rows = []
    for fault in found["faults"]:
        cost = 100 * (torch.tensor(fault["healthy"]) - torch.tensor(fault["faulty"]))
        cost = -cost if fault["kind"] == "report" else cost
        accuracies = [over_seeds(fault[key]) for key in ("healthy", "faulty")]
        rows.append(
            (cost.mean(), [fault["fault"], fault["kind"], *accuracies, with_deviation(cost, 1)])
        )
    rows = [row for _, row in sorted(rows, key=lambda pair: pair[0], reverse=True)]
    keys = ("ece_before", "ece_after", "temperature")
    calibration = [
        [network, *(with_deviation(torch.tensor(values[key]), 3) for key in keys)]
        for network, values in found["calibration"].items()
    ]
    note = (
        f"{found['network']}, {found['images']:,} training images, {found['epochs']} epochs "
        f"({found['epochs_leaks']} for the leaks), {found['optimizer']}; the candidates are "
        f"smaller, and learn from {found['candidate_images']:,} images. In points of accuracy, "
        "paired by seed: what a fault in training or in use costs, and by how much a faulty "
        "report flatters (healthy: on images that were neither seen nor chosen by). Here ± is the "
        f"standard deviation over {len(found['seeds'])} seeds.\n\n"
    )
    head = f"## Lesson 07: what faults cost on {title}\n\n"
    header = ["fault", "kind", "healthy", "faulty", "cost in points"]
    trained = (
        "\nConfidence of two networks on test images; the temperature was chosen on validation "
        "images:\n\n"
    )
    header_trained = ["network", "ECE as trained", "divided by the temperature", "temperature"]
    calibrated = table(header_trained, calibration)
    return [head + note + table(header, rows) + trained + calibrated]
