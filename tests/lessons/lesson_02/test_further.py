"""The open exercise of lesson 02: the solution that the lesson shows reaches its target."""

import json

from course_utils.paths import ROOT
from tests.helpers import names_of_lesson, shown_solution

PUBLISHED = ROOT / "notebooks" / "results" / "02_normalization.json"


def test_the_solution_shown_gets_further_in_as_many_epochs(capsys):
    wanted = ("math", "all_train", "train_set", "images", "val_images")
    names = names_of_lesson("02", *wanted, dataset="shapes", device="cpu")
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    names |= {
        "best_rate": published["best_rate_normalised"],
        "val_loss": published["best_loss_normalised"],
        "my_std": names["std"].view(3, 1, 1),
    }
    exec(shown_solution("02", "02.further"), names)
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == "02.further: correct."
