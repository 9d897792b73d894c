"""The unit of cost, and the parts that have a goal: the best accuracy for a share of it.

A cost is a share of the source's 30 epochs; `drift` is how much slower steps of the source's
training were just before a timed training than before the timed epoch.
"""

from dataclasses import asdict
from time import perf_counter

from benchmarks.harness import Run
from benchmarks.lesson_08.ladder import Settings
from benchmarks.lesson_08.measures import source_step, step_flops
from benchmarks.lesson_08.plan import GOALS, Goal, Plan, in_part, ranked, use_all_cores
from benchmarks.lesson_08.training import LadderTraining, train
from course_utils.data import Splits
from course_utils.lessons.lesson_08.fast import Recipe


def time_source(run: Run, plan: Plan) -> dict[str, float]:
    """Seconds of the source's epoch, and of a step before it, when the machine is warm."""
    training = LadderTraining(plan.whole.splits(run.dataset), plan.source, 0)
    source_step(training, min(3, plan.steps))
    step, start = source_step(training, plan.steps), perf_counter()
    training.run_epoch()
    return {"epoch": perf_counter() - start, "step": step}


def unit_of(run: Run, plan: Plan) -> dict[str, float]:
    """Seconds of the source's epoch and step, timed once for all parts."""
    return in_part(run, "source").once(plan, ("source",), lambda run: time_source(run, plan))


def flops_of_an_image(splits: Splits, settings: Settings) -> float:
    training = LadderTraining(splits, settings, 0)
    return step_flops(training) / training.recipe.batch_size


def source(run: Run, plan: Plan | None = None) -> dict:
    plan = plan or Plan()
    use_all_cores()
    splits = plan.whole.splits(run.dataset)
    unit_of(run, plan)
    flops = flops_of_an_image(splits, plan.source.change(epochs=1))
    flops *= plan.source_images * plan.source_epochs
    about = {"train_images": len(splits.train), "epochs": plan.source_epochs, "flops": flops}
    return {"source": about, "test_images": 10_000}


def winner(finals: dict[str, dict]) -> tuple[str, Settings]:
    """The label and the settings that were best in the finals, as they were recorded."""
    label = ranked(finals)[0]
    settings = finals[label]["settings"]
    widths = tuple(settings["recipe"]["widths"])
    recipe = Recipe(**{"skips": False, **settings["recipe"], "widths": widths})
    return label, Settings(**{**settings, "recipe": recipe})


def time_trainings(run: Run, plan: Plan, name: str, settings: Settings, number: int) -> list[dict]:
    """The first seeds' trainings with all cores, one after the other, each with its drift."""
    use_all_cores()
    unit, found = unit_of(run, plan), []
    for seed in plan.seeds[:number]:

        def drift(run: Run) -> dict:
            training = LadderTraining(plan.whole.splits(run.dataset), plan.source, 0)
            return {"drift": source_step(training, plan.steps) / unit["step"]}

        before = run.once(plan, ("drift", name, seed), drift)
        task = ("train", name, seed, settings)
        trained = run.once(
            plan.whole, task, lambda run, seed=seed: train(run, plan.whole, name, seed, settings)
        )
        found.append({**trained, **before})
    return found


def goal(run: Run, name: str, plan: Plan | None = None, goals: dict[str, Goal] = GOALS) -> dict:
    """Accuracies of all seeds, costs and drift of those that were timed."""
    plan, this = plan or Plan(), goals[name]
    finalist, settings = winner(run.entry("finals"))
    settings = settings.change(**dict(this.changes), epochs=this.epochs)
    timed = time_trainings(run, plan, name, settings, this.timed)
    others = [(name, seed, settings) for seed in plan.seeds[this.timed :]]
    found = timed + list(run.map(train, plan.whole, others).values())
    splits, unit = plan.whole.splits(run.dataset), unit_of(run, plan)
    once = flops_of_an_image(splits, plan.source.change(epochs=1)) * plan.source_epochs
    seconds = plan.source_epochs * unit["epoch"]
    keys = ("loss", "test_accuracy", "test_accuracy_mirrored")
    result = {
        "budget": this.budget,
        "finalist": finalist,
        "settings": asdict(settings),
        "cost": [(one["setup"] + sum(one["epochs"])) / seconds for one in timed],
        "drift": [one["drift"] for one in timed],
        "flops": settings.recipe.epochs / once * flops_of_an_image(splits, settings),
        **{key: [one[key] for one in found] for key in keys},
    }
    return {name: result}
