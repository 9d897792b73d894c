"""What the troubleshooting page quotes is what the course says today."""

import re

import pytest
import torch
from click.testing import CliRunner
from torch import nn

from course_utils.cli.commands import main
from course_utils.data import load_splits
from course_utils.paths import ROOT
from course_utils.runtime import check_parameters
from course_utils.training import train_one_epoch

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
QUOTED = re.findall(r"`([^`]+)`", "\n".join(re.findall(r"^## (.+)$", PAGE, re.MULTILINE)))


def command(*arguments):
    return CliRunner().invoke(main, arguments).output


def message(function, *arguments, **options):
    with pytest.raises(Exception) as caught:
        function(*arguments, **options)
    return str(caught.value)


def diverged():
    model = nn.Linear(2, 2)
    batches = [(torch.full((1, 2), torch.nan), torch.zeros(1, dtype=torch.long))]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return message(train_one_epoch, model, batches, optimizer, torch.device("cpu"))


SAID = {
    "no such parameter": lambda: command("run", "00", "-p", "runs", "3"),
    "epochs is '1e-3', which is no int": lambda: command("run", "00", "-p", "epochs", "1e-3"),
    "parameter learning_rate is '1e-3'": lambda: message(
        check_parameters, {"__annotations__": {"learning_rate": float}, "learning_rate": "1e-3"}
    ),
    "train_size is 5, but ... has 10 classes": lambda: message(load_splits, "shapes", train_size=5),
    "CIFAR-10 is not whole": lambda: message(load_splits, "cifar10", root="nowhere"),
    "try a smaller learning rate": diverged,
}


@pytest.mark.parametrize("quoted", SAID)
def test_a_symptom_is_quoted_as_the_course_says_it(quoted):
    assert quoted in QUOTED
    assert re.search(re.escape(quoted).replace(re.escape("..."), ".*"), SAID[quoted]())


def test_the_way_out_of_a_parameter_that_one_lesson_lacks_names_one_that_has_it():
    (arguments,) = re.findall(r"as in `(run [^`]+)`", PAGE)
    _, lesson, _, name, _ = arguments.split()
    (notebook,) = (ROOT / "notebooks").glob(f"{lesson}_*.ipynb")
    assert f'"{name}: int = ' in notebook.read_text(encoding="utf-8")
