"""The open exercise of lesson 04: the solution that the lesson shows reaches its target."""

import json

from course_utils.lessons.lesson_04.features import few_of_each
from course_utils.paths import ROOT
from tests.helpers import names_of_lesson, shown_solution

PUBLISHED = ROOT / "notebooks" / "results" / "04_transfer_learning.json"
WANTED = ("check", "pick", "data", "pictures", "all_train", "backbone", "in_memory", "new_model")


def test_the_solution_shown_gets_more_from_the_same_pictures(tmp_path, capsys):
    names = names_of_lesson(
        "04", *WANTED, dataset="shapes", device="cpu", output_dir=str(tmp_path), test_size=10
    )
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    most, to_beat = names["most_labels"], published["tuned_first_seed"]
    names["same_pictures"] = few_of_each(names["train_labels"], most, names["seed"])
    names |= {"most": most, "arms": {"fine-tuned": {most: [to_beat]}}}
    exec(shown_solution("04", "04.same_pictures"), names)
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == "04.same_pictures: correct."
