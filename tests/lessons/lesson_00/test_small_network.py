"""The open exercise of lesson 00: the solution that the lesson shows reaches its target."""

import json

from course_utils.paths import ROOT
from tests.helpers import names_of_lesson, shown_solution

PUBLISHED = ROOT / "notebooks" / "results" / "00_training_loop.json"


def test_the_solution_shown_is_smaller_and_nearly_as_good(capsys):
    functions = ("Metrics", "train_one_epoch", "evaluate", "train_model")
    wanted = ("tqdm", "all_train", "train_set", "PreparedPictures", "prepare", *functions)
    names = names_of_lesson("00", *wanted, dataset="shapes", device="cpu", epochs=3)  # of its 4
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    names |= {"val_accuracy": published["network_val_accuracy"]}
    exec(shown_solution("00", "00.small_network"), names)
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == "00.small_network: correct."
