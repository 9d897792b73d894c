"""The open exercise of lesson 01: the solution that the lesson shows reaches its target."""

import json

from course_utils.paths import ROOT
from tests.helpers import names_of_lesson, shown_solution

PUBLISHED = ROOT / "notebooks" / "results" / "01_data_augmentation.json"


def test_the_solution_shown_beats_the_best_arm_by_six_points(capsys):
    wanted = ("plt", "check", "DataLoader", "augmented", "order", "prepared", "small_network")
    names = names_of_lesson("01", *wanted, "learn", dataset="shapes", device="cpu")
    arms = json.loads(PUBLISHED.read_text(encoding="utf-8"))["val_accuracy"]
    names |= {"final_model": names["small_network"](0), "best_mean": max(arms.values())}
    exec(shown_solution("01", "01.few_pictures"), names)
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == "01.few_pictures: correct."
