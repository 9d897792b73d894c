"""The parts of cost_to_accuracy.py that have a goal: the best accuracy for a share of the source's
cost, all images.
"""

from dataclasses import asdict

from cost_cells import DEVICE, source_step, step_flops, train
from cost_kept import (
    KEPT,
    SEEDS,
    SOURCE_EPOCHS,
    Task,
    all_images,
    kept,
    needed,
    read,
    run_all,
    two_processes,
    use_all_cores,
)
from ladder import Climb, Settings

from course_utils.data import Splits
from course_utils.lessons.lesson_08.fast import Recipe

BUDGETS = {"fortieth": 1 / 40, "eighth": 1 / 8, "fifth": 1 / 5}
EPOCHS = {
    "fortieth": 8.3,
    "eighth": 13.0,
    "fifth": 27.5,
}  # that fit: found by trying, since steps tell it to a tenth
WIDER = {
    "widths": (64, 256, 256),
    "shift": 4,
}  # for the fifth, and the profile; more epochs bear more augmentation
DEEPER = {**WIDER, "skips": True, "average": 0.99}  # for the eighth


def flops_of_an_image(splits: Splits, settings: Settings) -> float:
    climb = Climb(splits, settings, 0, DEVICE)
    return step_flops(climb) / climb.recipe.batch_size


def ranked(tried: dict[str, dict]) -> list[str]:
    """Labels, the best on validation first."""
    return sorted(tried, key=lambda label: -tried[label]["val_accuracy"])


def winner() -> tuple[str, Settings]:
    """The label and the settings that were best in the finals."""
    tried = needed("finals", "finals")
    label = ranked(tried)[0]
    settings = tried[label]["settings"]
    recipe = Recipe(
        **{"skips": False, **settings["recipe"], "widths": tuple(settings["recipe"]["widths"])}
    )
    return label, Settings(**{**settings, "recipe": recipe})


def time_trainings(name: str, folder: str, settings: Settings, seeds: tuple[int, ...]) -> None:
    """Trainings with all cores, one after the other. Nothing else should run."""
    use_all_cores()
    unit, splits = needed("source", "source"), all_images(folder)
    for seed in seeds:
        climb = Climb(splits, Settings(), 0, DEVICE)
        kept(f"{name}.{seed}.drift", lambda c=climb: {"drift": source_step(c) / unit["step"]})
        train(KEPT / f"{name}.{seed}", splits, settings, seed, test=True, mirrored=True)


def measured(name: str, folder: str, settings: Settings) -> dict:
    """What has been measured so far: costs and drift by seed that was timed, the others by seed
    that was trained.
    """
    unit, splits = needed("source", "source"), all_images(folder)
    found = [
        {**read(f"{name}.{seed}"), **read(f"{name}.{seed}.drift")}
        for seed in SEEDS
        if read(f"{name}.{seed}")
    ]
    timed = [one for one in found if "drift" in one]
    once = (
        settings.recipe.epochs
        / SOURCE_EPOCHS
        / flops_of_an_image(splits, Settings().change(epochs=1))
    )
    return {
        "budget": BUDGETS[name],
        "settings": asdict(settings),
        "cost": [
            (one["setup"] + sum(one["epochs"])) / (SOURCE_EPOCHS * unit["epoch"]) for one in timed
        ],
        "drift": [one["drift"] for one in timed],
        "flops": once * flops_of_an_image(splits, settings),
        **{
            key: [one[key] for one in found]
            for key in ("loss", "test_accuracy", "test_accuracy_mirrored")
        },
    }


def fortieth(folder: str) -> dict:
    label, settings = winner()
    settings = settings.change(epochs=EPOCHS["fortieth"])
    time_trainings("fortieth", folder, settings, SEEDS)
    return {"finalist": label, **measured("fortieth", folder, settings)}


def eighth(folder: str) -> dict:
    """The first seed is timed. The others are trained for their accuracy, two at a time, one thread
    each.
    """
    settings = winner()[1].change(**DEEPER, epochs=EPOCHS["eighth"])
    time_trainings("eighth", folder, settings, SEEDS[:1])
    never = float("inf")
    with two_processes() as pool:
        run_all(
            pool,
            [
                Task(f"eighth.{s}", folder, 0, settings, s, True, never, whole=True)
                for s in SEEDS[1:]
            ],
        )
    return measured("eighth", folder, settings)


def fifth(folder: str) -> dict:
    """One seed a call, the first that is missing."""
    settings = winner()[1].change(**WIDER, epochs=EPOCHS["fifth"])
    time_trainings("fifth", folder, settings, tuple(s for s in SEEDS if not read(f"fifth.{s}"))[:1])
    return measured("fifth", folder, settings)
