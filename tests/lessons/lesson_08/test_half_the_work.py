"""The open exercise of lesson 08: the solution that the lesson shows reaches its target."""

import json

from course_utils.paths import ROOT
from tests.helpers import names_of_lesson, shown_solution

PUBLISHED = ROOT / "notebooks" / "results" / "08_fast_training.json"


def test_the_solution_shown_does_half_the_work(capsys):
    wanted = ("splits", "check_parameters", "pixels", "val_loader", "recipe")
    names = names_of_lesson("08", *wanted, dataset="shapes", device="cpu")
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    names |= {"fast_accuracy": [published["val_accuracy_fast"]]}
    exec(shown_solution("08", "08.half_the_work"), names)
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == "08.half_the_work: correct."
