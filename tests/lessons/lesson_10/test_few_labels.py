"""The open exercise of lesson 10: the solution that the lesson shows reaches its target."""

from tests.helpers import names_of_lesson, shown_solution

# What the cells from the folder to the probe bind, pictures and trainings of other networks aside.
NAMES = [
    "Path",
    "check",
    "output",
    "folder",
    "Picture",
    "classes",
    "read",
    "squares",
    "images",
    "flat",
    "dropped",
    "deal",
    "train",
    "Squares",
    "loaders_for",
    "train_epoch",
    "ask",
    "learn",
    "VGGMini",
    "build",
    "network",
    "body_state",
    "features",
    "probe",
    "probe_accuracy",
    "few",
]


def test_the_solution_shown_needs_a_quarter_of_the_labels(tmp_path, capsys):
    given = {"dataset": "shapes", "device": "cpu", "output_dir": str(tmp_path)}
    names = names_of_lesson("10", *NAMES, **given)
    names["epochs"] //= 2  # the best of more epochs, which begin with these, is no worse
    exec(shown_solution("10", "10.few_labels"), names)
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == "10.few_labels: correct."
