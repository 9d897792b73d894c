"""Exercise checkers, one file a lesson: `check("00.softmax", answer)` says "correct" or "not yet" with a hint."""

from importlib import import_module

from course_utils.exercises.mechanism import CHECKERS, NotYet

__all__ = ["check"]


def check(exercise: str, answer: object) -> None:
    """Check an answer and print "correct", or "not yet" with a hint.

    `exercise` is the lesson's number and the exercise's name, as in "00.softmax". An error inside the answer's own
    code is reported as "not yet", so that a notebook runs on.

    Raises:
        ValueError: if there is no such exercise.
    """
    lesson = exercise.partition(".")[0]
    try:
        import_module(f"course_utils.exercises.lesson_{lesson}")
        checker = CHECKERS[exercise]
    except (ModuleNotFoundError, KeyError):
        known = (
            ", ".join(name for name in sorted(CHECKERS) if name.startswith(lesson + "."))
            or "none in that lesson"
        )
        raise ValueError(f"no exercise {exercise!r}: there is {known}") from None
    try:
        checker(answer)
    except NotYet as hint:
        print(f"{exercise}: not yet. {hint}")
    except Exception as error:  # whatever a learner's code may raise
        print(f"{exercise}: not yet. Your code stopped with {type(error).__name__}: {error}")
    else:
        print(f"{exercise}: correct.")
