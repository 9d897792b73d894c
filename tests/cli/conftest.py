"""The tiny course, and lessons that are not executed."""

import pytest

from course_utils.cli import execution
from tests.cli.course import make_course


@pytest.fixture
def course(tmp_path):
    return make_course(tmp_path)


@pytest.fixture
def fake(monkeypatch):
    """Lessons that are not executed: the tasks that would be, and what each should do."""
    done = []
    monkeypatch.setattr(execution, "execute", done.append)
    return done
