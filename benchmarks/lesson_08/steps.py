"""What an image costs in each step of the ladder, and what a step reaches."""

from dataclasses import asdict

from benchmarks.harness import Run
from benchmarks.lesson_08.ladder import SOURCE_BATCH, Change, as_trained, settings_of
from benchmarks.lesson_08.measures import kinds_of_epochs, over_source, step_flops
from benchmarks.lesson_08.plan import Plan, use_all_cores
from benchmarks.lesson_08.training import Images, LadderTraining, train


def cost_of(run: Run, plan: Plan, change: Change) -> dict[str, float]:
    """Time and operations of an image in training, over those in the source's, which is timed in
    turn.
    """
    splits = Images(plan.ladder_images).splits(run.dataset)
    settings = settings_of(change.name, {}, plan.ladder).change(epochs=plan.ladder_epochs)
    source = LadderTraining(splits, plan.source.change(epochs=1), 0)
    training = LadderTraining(splits, settings, 0)
    recipe, share = training.recipe, SOURCE_BATCH / training.recipe.batch_size
    kinds = kinds_of_epochs(recipe)
    examples = {kind: (recipe, first) for kind, (first, _) in kinds.items()}
    times = over_source(source, training, examples, plan.steps // 2, plan.rounds)
    time = sum(times[kind] * number for kind, (_, number) in kinds.items()) / recipe.epochs
    return {"time": time * share, "flops": step_flops(training) / step_flops(source) * share}


def costs(run: Run, plan: Plan | None = None) -> dict:
    """`images`: for each step, of an image; `training`: of its training, if an image cost what the
    source's does.
    """
    plan, found = plan or Plan(), {}
    use_all_cores()
    for change in plan.ladder:
        task = ("cost", change.name)
        found[change.name] = run.once(
            plan, task, lambda run, change=change: cost_of(run, plan, change)
        )
    return {"costs": {"images": found, "training": plan.ladder_share}}


def search(run: Run, plan: Plan) -> tuple[dict, dict]:
    """(chosen, searched) by step; each search builds on what was chosen before."""
    images = Images(plan.ladder_images)
    chosen, searched = {}, {}
    for change in (change for change in plan.ladder if change.grid):
        ((setting, values),) = change.grid.items()
        tasks = {}
        for value in values:
            tried = {**chosen, change.name: {setting: value}}
            settings = as_trained(change.name, tried, plan.ladder_epochs, plan.ladder)
            tasks[value] = (change.name, plan.seeds[0], settings)
        found = run.map(train, images, tasks.values())
        accuracies = {value: found[task]["val_accuracy"] for value, task in tasks.items()}
        chosen[change.name] = {setting: max(accuracies, key=accuracies.get)}
        searched[change.name] = {f"{value:g}": accuracies[value] for value in values}
    return chosen, searched


def ladder(run: Run, plan: Plan | None = None) -> dict:
    """Searches first, then all steps, seed by seed."""
    plan = plan or Plan()
    chosen, searched = search(run, plan)
    settings = {
        change.name: as_trained(change.name, chosen, plan.ladder_epochs, plan.ladder)
        for change in plan.ladder
    }
    trained = [change.name for change in plan.ladder if not change.only_speed]
    tasks = [(name, seed, settings[name]) for seed in plan.seeds for name in trained]
    found, steps = run.map(train, Images(plan.ladder_images), tasks), []
    for change in plan.ladder:
        step = {
            "name": change.name,
            "change": change.about,
            "aside": change.aside,
            "only_speed": change.only_speed,
            "settings": asdict(settings[change.name]),
        }
        if change.name in trained:
            runs = [found[change.name, seed, settings[change.name]] for seed in plan.seeds]
            for key in ("val_accuracy", "test_accuracy"):
                step[key] = [one[key] for one in runs]
        steps.append(step)
    about = {"images": plan.ladder_images, "epochs": plan.ladder_epochs}
    about |= {"precision": "bfloat16", "seeds": len(plan.seeds)}
    return {"ladder": {"rungs": steps, "searched": searched, **about}}
