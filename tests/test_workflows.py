"""What nobody runs here, workflows, the dev container and the hooks: all that they name is there."""

import json
import re
from importlib.metadata import metadata

import pytest
import yaml

from course_utils.cli.commands import COMMANDS
from course_utils.paths import ROOT


def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


WORKFLOW = yaml.safe_load(text(".github/workflows/test.yml"))
HOOKS = yaml.safe_load(text(".pre-commit-config.yaml"))["repos"][0]["hooks"]
CONTAINER = json.loads(text(".devcontainer/devcontainer.json"))
STEPS = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
LINES = [
    *(step["run"] for step in STEPS if "run" in step),
    *(hook["entry"] for hook in HOOKS),
    CONTAINER["postCreateCommand"],
    text(".ci/run"),
]


def named(pattern):
    """What the pattern's group matches in the command lines, at least once."""
    found = {name for line in LINES for name in re.findall(pattern, line)}
    assert found, pattern
    return found


def test_every_target_of_make_is_there():
    assert named(r"\bmake ([\w-]+)") <= set(re.findall(r"^([\w-]+):", text("Makefile"), re.M))


def test_every_command_of_the_course_is_there():
    assert named(r"-m course_utils (\w+)") <= set(COMMANDS)


def test_every_extra_is_there():
    extras = {extra for group in named(r"\.\[([\w,]+)\]") for extra in group.split(",")}
    assert extras <= set(metadata("course_utils").get_all("Provides-Extra"))


def test_every_file_is_there():
    files = named(r"-[cr] ([\w./-]+)")
    for step in STEPS:
        files |= set(step.get("with", {}).get("cache-dependency-path", "").split())
    folder = CONTAINER["customizations"]["vscode"]["settings"]["jupyter.notebookFileRoot"]
    files.add(folder.removeprefix("${workspaceFolder}/"))
    assert [name for name in files if not (ROOT / name).exists()] == []


def test_the_lowest_job_has_the_oldest_python_that_is_promised():
    (setup,) = (
        step
        for step in WORKFLOW["jobs"]["lowest"]["steps"]
        if "setup-python" in step.get("uses", "")
    )
    oldest = setup["with"]["python-version"]
    assert metadata("course_utils")["Requires-Python"] == f">={oldest}"
    assert f"OLDEST_PYTHON ?= python{oldest}\n" in text("Makefile")


@pytest.mark.parametrize("name", WORKFLOW["jobs"])
def test_a_job_checks_the_course_out_and_ends(name):
    job = WORKFLOW["jobs"][name]
    assert job["steps"][0]["uses"].startswith("actions/checkout@")
    assert job["timeout-minutes"] <= 60
    for step in job["steps"]:
        assert ("run" in step) != ("uses" in step)
        assert re.fullmatch(r"actions/[\w-]+@v\d+", step.get("uses", "actions/checkout@v1"))


def test_the_form_for_feedback_lists_every_lesson():
    form = yaml.safe_load(text(".github/ISSUE_TEMPLATE/lesson.yml"))
    (options,) = (
        field["attributes"]["options"] for field in form["body"] if field.get("id") == "lesson"
    )
    lessons = sorted(path.name[:2] for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
    assert [option[:2] for option in options if option[:2].isdigit()] == lessons
