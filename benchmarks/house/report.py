"""Sections of RESULTS.md: lessons on photographs, the built-in data, the speed of the package."""

from benchmarks.harness import read_json
from benchmarks.house.run import LESSONS
from benchmarks.tables import percent, recorded, table, with_error
from course_utils.results import RECORDED_DIR

TEST_IMAGES = 10_000  # of CIFAR-10
MEASURED = {  # part of the ratios: what is over what
    "fit": "an epoch of fit over a bare loop",
    "items": "an item of load_splits over torchvision's CIFAR10",
    "imports": "importing what a lesson imports over torch, torchvision and pyplot",
    "photos": "reading 12-megapixel photos over Pillow's draft mode",
}


def sections() -> list[str]:
    return [lessons(), shapes_difficulty(), channel_stats(), *ratios(), *faults()]


def measured_ratios() -> dict:
    return read_json(RECORDED_DIR / "house_ratios.json")


def lessons() -> str:
    """What lessons reach on photographs: the scoreboard's rows of each run, and the fast recipe."""
    runs = [(lesson, f"{lesson}.cifar10{ending}") for lesson, ending, _ in LESSONS.values()]
    rows = []
    for lesson, record in [*runs, ("08", "08_fast_training.cifar10-defaults")]:
        found = read_json(RECORDED_DIR / f"{record}.json")
        for model, row in found.get("scoreboard", {}).items():
            sizes = [row.get("images", found.get("train_images")), found.get("epochs")]
            said = ["see the lesson" if size is None else f"{size:,}" for size in sizes]
            rows.append([lesson[:2], model, *said, with_error(row["accuracy"], TEST_IMAGES)])
    header = ["lesson", "model", "training images", "epochs", "test accuracy"]
    return "## Lessons' models on CIFAR-10, one seed\n\n" + table(header, rows)


def shapes_difficulty() -> str:
    found, _ = recorded("shapes_difficulty", "cnn")
    names = {
        "linear": "linear classifier, lesson 00's settings (5,000 images, 10 epochs)",
        "linear, all images": "linear classifier, 18,000 images, 20 epochs",
        "few": "lesson 01's network, 1,000 images, 20 epochs",
        "few, augmented": "the same, crop and flip",
        "cnn": "lesson 03's network, 5,000 images, 5 epochs",
        "cnn, augmented": "the same, crop and flip",
        "cnn, BatchNorm": "the same, BatchNorm",
        "resnet": "ResNet-20, 5,000 images, 5 epochs, one cycle",
        "fast, lesson": "lesson 08's recipe, the lesson's settings (3,000 images, 6 epochs)",
        "fast, 5 epochs": "lesson 08's recipe, 18,000 images, 5 epochs",
    }
    rows = []
    for key, title in names.items():
        if key in found:
            accuracies = [percent(accuracy) for accuracy in found[key]["test_accuracy_by_seed"]]
            mean = percent(found[key].get("mean", 0.0), found[key]["standard_error"])
            rows.append([title, *accuracies, mean])
    header = ["model", *(f"seed {seed}" for seed in found["seeds"]), "mean and its standard error"]
    version = found.get("version", 1)
    title = f"## How hard the built-in Shapes are (version {version}, 5,000 test images)"
    return title + "\n\n" + table(header, rows) + labelled(version)


def labelled(version: int) -> str:
    """What a person makes of the pictures, if these have been labelled."""
    found = read_json(RECORDED_DIR / "shapes_labelled.json")
    if found.get("version") != version:
        return ""
    return f"\n\nA person named {found['right']} of {found['pictures']}: {found['how']}."


def channel_stats() -> str:
    found, _ = recorded("channel_stats", "images")
    low, high = found["time_ratio_min"], found["time_ratio_max"]
    times = f"{found['time_ratio_median']:.2f} ({low:.2f} to {high:.2f})"
    rows = [
        ["time, streaming / stacked", times],
        ["extra memory, streaming", f"{found['streaming_extra_mb']:.0f} MB"],
        ["extra memory, stacked", f"{found['stacked_extra_mb']:.0f} MB"],
        ["largest difference of the six numbers", f"{found['largest_difference']:.1e}"],
    ]
    ways = "one streaming pass against stacking floats"
    title = f"## Channel statistics of {found['images']:,} images: {ways}\n\n"
    return title + table(["", f"median of {found['pairs']} pairs"], rows)


def ratios() -> list[str]:
    """The ratios that have been measured; none as long as there are none."""
    found, rows = measured_ratios(), []
    for part, title in MEASURED.items():
        for name, ratio in found.get(part, {}).items():
            if isinstance(ratio, dict):
                numbers = [f"{ratio[key]:.2f}" for key in ("median", "min", "max")]
                rows.append([title, name, *numbers])
    header = ["ratio of CPU times", "", "median", "least", "greatest"]
    title = "## What the package costs over plain PyTorch\n\n"
    note = "Both sides of a ratio were measured in turn, in one run.\n\n"
    return [title + note + table(header, rows)] if rows else []


def faults() -> list[str]:
    """What was broken on purpose in one run of tests/faults, and what came of it."""
    found = read_json(RECORDED_DIR / "faults.json")
    if not found:
        return []
    rows = [
        ["trainings killed", found["kills"]],
        ["of these, while a checkpoint was being written", found["in a write"]],
        ["checkpoints that could not be read afterwards", found["damaged"]],
        ["trainings that ended otherwise than one that nobody stopped", found["different"]],
        ["runs stopped in a lesson (kernel or runner killed, time, Ctrl-C)", found["stopped runs"]],
        ["command lines refused in one line", found["bad input"]],
        ["environments (locked, no home, C locale and so on)", found["environments"]],
        ["lessons offline, without privileges, read-only, three times", found["offline lessons"]],
        ["random values given to readers and checkers", found["examples"]],
        ["weaknesses found, and mended", len(found["mended"])],
    ]
    title = "## What was broken on purpose, in one run of tests/faults (`make stress`)\n\n"
    mended = "\n".join(f"- {weakness}." for weakness in found["mended"])
    counts = table(["", "number"], [[name, f"{number:,}"] for name, number in rows])
    return [
        f"{title}{counts}\nWhat happened before it was mended; a test now watches each:\n\n{mended}\n"
    ]
