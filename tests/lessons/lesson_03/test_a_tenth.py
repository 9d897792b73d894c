"""The open exercise of lesson 03: the solution that the lesson shows reaches its target."""

import json

from course_utils.paths import ROOT
from course_utils.training import fit
from tests.helpers import names_of_lesson, shown_solution

PUBLISHED = ROOT / "notebooks" / "results" / "03_vgg_cnn.json"


def test_the_solution_shown_is_better_with_a_tenth(capsys):
    wanted = ("tqdm", "all_train", "Changed", "conv_block", "PACKAGE_VGG", "he_init")
    names = names_of_lesson("03", *wanted, dataset="shapes", device="cpu")
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    names |= {"best_accuracy": published["val_accuracy"], "fit": fit}
    exec(shown_solution("03", "03.a_tenth"), names)
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == "03.a_tenth: correct."
