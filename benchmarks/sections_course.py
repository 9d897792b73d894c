"""Sections of RESULTS.md: the built-in data and the speed of the package."""

from tables import percent, table

from course_utils.results import load_recorded


def shapes_difficulty() -> str:
    found = load_recorded("shapes_difficulty")
    names = {
        "linear": "linear classifier, 18,000 images",
        "cnn": "lesson 03's network, 5,000 images, 5 epochs",
    }
    rows = [
        [
            title,
            *(percent(a) for a in found[key]["test_accuracy_by_seed"]),
            percent(found[key]["standard_error"]),
        ]
        for key, title in names.items()
    ]
    header = ["model", *(f"seed {seed}" for seed in found["seeds"]), "standard error of each"]
    return "## How hard the built-in Shapes are (5,000 test images)\n\n" + table(header, rows)


def channel_stats() -> str:
    found = load_recorded("channel_stats")
    low, high = found["time_ratio_min"], found["time_ratio_max"]
    rows = [
        [
            "time, streaming / stacked",
            f"{found['time_ratio_median']:.2f} ({low:.2f} to {high:.2f})",
        ],
        ["extra memory, streaming", f"{found['streaming_extra_mb']:.0f} MB"],
        ["extra memory, stacked", f"{found['stacked_extra_mb']:.0f} MB"],
        ["largest difference of the six numbers", f"{found['largest_difference']:.1e}"],
    ]
    title = f"## Channel statistics of {found['images']:,} images: one streaming pass against stacking floats\n\n"
    return title + table(["", f"median of {found['pairs']} pairs"], rows)


def training_overhead() -> str:
    found = load_recorded("training_overhead")
    rows = [
        [name, f"{r['median']:.3f}", f"{r['min']:.3f} to {r['max']:.3f}"]
        for name, r in found["ratios"].items()
    ]
    title = "## Time of the course's loop over the bare loop\n\n"
    return title + table(["what", f"median of {found['pairs']} pairs", "range"], rows)
