"""The open exercise of lesson 07: the solution that the lesson shows reaches its target."""

from course_utils.lessons.lesson_07.broken import with_wrong_labels
from tests.helpers import names_of_lesson, shown_solution


def test_the_solution_shown_finds_the_wrong_labels(capsys):
    names = names_of_lesson("07", "with_wrong_labels", "splits", dataset="shapes", device="cpu")
    names["noisy"] = with_wrong_labels(names["splits"], names["seed"])
    names["wanted"] = len(names["noisy"].train) // 10
    exec(shown_solution("07", "07.wrong_labels"), names)
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == "07.wrong_labels: correct."
