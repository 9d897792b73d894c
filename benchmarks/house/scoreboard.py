"""The scoreboard's column for photographs, put together from the records on original CIFAR-10.

python -m benchmarks.house.scoreboard
"""

from benchmarks.harness import read_json, write_json
from benchmarks.house.run import AT_DEFAULTS
from course_utils.lessons.lesson_06.records import standard_arm
from course_utils.results import RECORDED_DIR

RECORD = RECORDED_DIR / "scoreboard.cifar10.json"
EPOCHS = 30  # of the source's CNN that all seeds have


def assemble() -> dict:
    """{row of the scoreboard: mean test accuracy, and of what it is the mean}.

    A long record goes before a lesson's own run at its defaults.
    """
    rows = {}
    runs = [f"{lesson}.cifar10-lesson" for lesson in AT_DEFAULTS]
    for name in (*runs, "00_training_loop.cifar10", "08_fast_training.cifar10-defaults"):
        rows |= of_run(name)
    return rows | source_cnn() | resnet_row()


def of_run(name: str) -> dict:
    """The rows of a lesson's models, trained once; none before that is measured."""
    found = read_json(RECORDED_DIR / f"{name}.json")
    return {
        model: {
            "accuracy": own["accuracy"],
            "epochs": found.get("epochs"),
            "images": own.get("images", found.get("train_images")),
            "record": name,
            "seeds": 1,
        }
        for model, own in found.get("scoreboard", {}).items()
    }


def source_cnn() -> dict:
    """Lesson 03's network by the source's recipe: its longest training, and with several seeds."""
    name = "06_resnet.cifar10-gpu-recipe"
    recipe = read_json(RECORDED_DIR / f"{name}.json")
    network = recipe["networks"]["source's CNN"]
    accuracies = [by_epoch[EPOCHS - 1] for by_epoch in network["test_accuracy"]["proper"]]
    return {"VGG-style CNN": row(name, recipe["images"], EPOCHS, accuracies)}


def resnet_row() -> dict:
    """ResNet-20 by the standard recipe."""
    name = "06_resnet.cifar10-gpu-standard"
    record = read_json(RECORDED_DIR / f"{name}.json")
    arm = standard_arm(record, "identity")
    return {"ResNet-20": row(name, record["images"], arm["epochs"], arm["test_accuracy"])}


def row(name: str, images: int, epochs: int, accuracies: list[float]) -> dict:
    """A row: a record's mean accuracy over seeds, and of what it is the mean."""
    return {
        "accuracy": sum(accuracies) / len(accuracies),
        "epochs": epochs,
        "images": images,
        "record": name,
        "seeds": len(accuracies),
    }


if __name__ == "__main__":
    write_json(RECORD, assemble())
