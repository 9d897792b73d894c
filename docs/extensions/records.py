"""Numbers of the pages, from `benchmarks/results` and `notebooks/results`."""

import json
from statistics import fmean
from typing import Any

from course_utils.paths import ROOT
from course_utils.results import load_recorded

PUBLISHED = ROOT / "notebooks" / "results"
COMPARISON = "06_resnet.cifar10-gpu-comparison"
LADDER = "08_fast_training.cifar10-gpu"
FAULTS = "07_diagnosis.cifar10-gpu"


def record(name: str, *keys: Any) -> Any:
    """A value of a recorded result, by its keys."""
    return _look_up(load_recorded(name), name, keys)


def published(lesson: str, *keys: Any) -> Any:
    """A value of a lesson's published run, by its keys."""
    path = next(PUBLISHED.glob(f"{lesson}_*.json"))
    return _look_up(json.loads(path.read_text(encoding="utf-8")), path.name, keys)


def _look_up(value: Any, name: str, keys: tuple) -> Any:
    for key in keys:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            raise KeyError(f"{name} has no {' > '.join(map(str, keys))}: see its JSON") from None
    return value


def fault(name: str) -> str:
    """What a mistake costs, in words, from lesson 07's record.

    Raises:
        KeyError: if it has not measured that.
    """
    record = load_recorded(FAULTS)
    for entry in record["faults"]:
        if entry["fault"] == name:
            return _cost(entry)
    raise KeyError(f"lesson 07's record does not measure {name!r}")


def change(entry: dict[str, Any]) -> float:
    """By how much a fault of lesson 07's records changes the accuracy that is seen."""
    return fmean(faulty - healthy for healthy, faulty in _pairs(entry))


def _pairs(entry: dict[str, Any]) -> list[tuple[float, float]]:
    pairs = zip(entry["healthy"], entry["faulty"], strict=True)
    return [pair for pair in pairs if None not in pair]


def _cost(entry: dict[str, Any]) -> str:
    both = _pairs(entry)
    healthy, faulty = (fmean(values) for values in zip(*both, strict=True))
    seeds = f"{len(both)} seed{'s' if len(both) > 1 else ''}"
    return f"{percent(faulty)} instead of {percent(healthy)} (CIFAR-10, {seeds})"


def compared(network: str, *, same: str = "epochs") -> str:
    """A network's mean test accuracy in lesson 06's comparison, at the same epochs or
    multiply-adds for all.
    """
    return percent(fmean(record(COMPARISON, same, network, "test_accuracy")))


def gap(network: str) -> str:
    """By how many points lesson 06's comparison has a network better in training than on the test."""
    train, test = (
        fmean(record(COMPARISON, "epochs", network, f"{part}_accuracy"))
        for part in ("train", "test")
    )
    return f"{100 * (train - test):.1f}"


def rung(name: str) -> str:
    """The mean test accuracy of a rung of lesson 08's ladder.

    Raises:
        KeyError: if the ladder has no such rung.
    """
    return percent(fmean(_rung(name)))


def spread(name: str) -> str:
    """From what to what the test accuracy of a rung of lesson 08's ladder goes, by the seed."""
    by_seed = _rung(name)
    ends = f"from {percent(min(by_seed))} to {percent(max(by_seed))}"
    return f"{len(by_seed)} seeds one training scatters {ends}"


def _rung(name: str) -> list[float]:
    rungs = {each["name"]: each for each in record(LADDER, "rungs")}
    return list(_look_up(rungs, LADDER, (name, "test_accuracy")).values())


def percent(share: float) -> str:
    return f"{share:.1%}".replace("%", "\N{NO-BREAK SPACE}%")


def seconds(number: float) -> str:
    """A time in words: seconds, from two minutes on minutes."""
    return f"{number:.0f} seconds" if number < 120 else f"{number / 60:.0f} minutes"


def mean(values: list[float]) -> float:
    return fmean(values)


def recorded_tables() -> str:
    """RESULTS.md without its title, each section one level deeper, each "±" with its numbers."""
    text = (ROOT / "RESULTS.md").read_text(encoding="utf-8")
    unbroken = text.replace(" ± ", "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}")
    return unbroken.split("\n", 1)[1].replace("\n##", "\n###")
