"""The parts of cost_to_accuracy.py that climb ladder.py: what an image costs in each rung, and what
a rung reaches.
"""

import time
from dataclasses import asdict
from multiprocessing.pool import Pool

from cost_cells import DEVICE, kinds_of_epochs, over_source, step_flops
from cost_kept import (
    SEEDS,
    SOURCE_EPOCHS,
    Task,
    kept,
    run_all,
    splits_of,
    two_processes,
    use_all_cores,
)
from ladder import LADDER, SOURCE_BATCH, Climb, Rung, Settings, as_trained, settings_of

IMAGES, EPOCHS, LIMIT = 9_000, 3, 40  # LIMIT: minutes
ALL_IMAGES = 50_000  # that the source trains on


def cost_of(rung: Rung, folder: str) -> dict[str, float]:
    """Time and operations of an image in training, over those in the source's, which is timed in
    turn.
    """
    splits = splits_of(folder, IMAGES)
    source = Climb(splits, Settings().change(epochs=1), 0, DEVICE)
    climb = Climb(splits, settings_of(rung.name, {}).change(epochs=EPOCHS), 0, DEVICE)
    recipe, share = climb.recipe, SOURCE_BATCH / climb.recipe.batch_size
    kinds = kinds_of_epochs(recipe)
    times = over_source(
        source, climb, {kind: (recipe, first) for kind, (first, _) in kinds.items()}
    )
    time = sum(times[kind] * number for kind, (_, number) in kinds.items()) / recipe.epochs
    return {"time": time * share, "flops": step_flops(climb) / step_flops(source) * share}


def costs(folder: str) -> dict:
    """`images`: for each rung, of an image; `training`: of its training, if an image cost what the
    source's does.
    """
    use_all_cores()
    found = {
        rung.name: kept(f"cost.{rung.name}", lambda r=rung: cost_of(r, folder)) for rung in LADDER
    }
    whole = IMAGES * EPOCHS / (ALL_IMAGES * SOURCE_EPOCHS)
    return {"images": found, "training": whole}


def task_of(rung: Rung, chosen: dict, seed: int, folder: str, deadline: float) -> Task:
    values = "".join(f".{value:g}" for value in chosen.get(rung.name, {}).values())
    settings = as_trained(rung.name, chosen, EPOCHS)
    return Task(
        f"ladder.{rung.name}{values}.{seed}", folder, IMAGES, settings, seed, True, deadline
    )


def search(pool: Pool, folder: str, deadline: float) -> tuple[dict, dict]:
    """(chosen, searched) by rung; each search builds on what was chosen before.

    Raises:
        SystemExit: if the time is over.
    """
    chosen, searched = {}, {}
    for rung in (rung for rung in LADDER if rung.grid):
        ((setting, values),) = rung.grid.items()
        tasks = {
            v: task_of(rung, {**chosen, rung.name: {setting: v}}, SEEDS[0], folder, deadline)
            for v in values
        }
        found = run_all(pool, tasks.values())
        if len(found) < len(tasks):
            raise SystemExit("ladder: the search is not over, call again")
        accuracies = {value: found[task.name]["val_accuracy"] for value, task in tasks.items()}
        chosen[rung.name] = {setting: max(accuracies, key=accuracies.get)}
        searched[rung.name] = {f"{value:g}": accuracy for value, accuracy in accuracies.items()}
    return chosen, searched


def ladder(folder: str) -> dict:
    """Searches first, then all rungs, seed by seed; the result has the seeds that every rung was
    trained with.

    Raises:
        SystemExit: if the time is over before there is one.
    """
    deadline = time.time() + 60 * LIMIT
    trained = [rung for rung in LADDER if not rung.only_speed]
    with two_processes() as pool:
        chosen, searched = search(pool, folder, deadline)
        tasks = {
            (s, rung.name): task_of(rung, chosen, s, folder, deadline)
            for s in SEEDS
            for rung in trained
        }
        found = run_all(pool, tasks.values())
    seeds = [s for s in SEEDS if all(tasks[s, rung.name].name in found for rung in trained)]
    missing = len(SEEDS) - len(seeds)
    print(f"ladder: {missing} seeds to go, call again" if missing else "ladder: whole", flush=True)
    if not seeds:
        raise SystemExit("ladder: no seed is whole yet")
    rungs = []
    for rung in LADDER:
        about = {
            "name": rung.name,
            "change": rung.change,
            "aside": rung.aside,
            "only_speed": rung.only_speed,
        }
        about["settings"] = asdict(as_trained(rung.name, chosen, EPOCHS))
        if rung in trained:
            by_seed = [found[tasks[seed, rung.name].name] for seed in seeds]
            about |= {
                key: [one[key] for one in by_seed] for key in ("val_accuracy", "test_accuracy")
            }
        rungs.append(about)
    about = {"images": IMAGES, "epochs": EPOCHS, "precision": "bfloat16", "seeds": len(seeds)}
    return {"rungs": rungs, "searched": searched, **about}
