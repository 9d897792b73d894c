"""The open exercise of lesson 09: the solution that the lesson shows reaches its target."""

import json

from course_utils.paths import ROOT
from tests.helpers import names_of_lesson, shown_solution

PUBLISHED = ROOT / "notebooks" / "results" / "09_rnn.json"


def test_the_solution_shown_reads_better_than_the_lstm(capsys):
    wanted = ("OneCycleLR", "splits", "read_rows", "RowRNN", "set_forget_bias", "train")
    names = names_of_lesson("09", *wanted, dataset="shapes", device="cpu")
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    names |= {"curves": {"LSTM": [published["val_accuracy_lstm"]]}}
    exec(shown_solution("09", "09.reader"), names)
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == "09.reader: correct."
