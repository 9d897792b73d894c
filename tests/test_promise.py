"""Who reads lessons 00 and 03 alone has seen every call that the source's first two sections make,
in today's words: from opening CIFAR-10 to loading the saved weights.
"""

import ast
import re

import nbformat
import pytest

from course_utils.paths import ROOT

# A call: what it is named in code, and the arguments that have to be seen with it.
CALLS = [
    ("CIFAR10", {"train", "transform", "download"}),
    ("Compose", set()),
    ("RandomCrop", {"padding"}),
    ("RandomHorizontalFlip", {"p"}),
    ("ToImage", set()),
    ("ToDtype", {"scale"}),
    ("ToPILImage", set()),
    ("Normalize", set()),
    ("stack", set()),
    ("mean", {"dim"}),
    ("std", {"dim"}),
    ("Sequential", set()),
    ("super().__init__", set()),
    ("Conv2d", {"kernel_size", "padding"}),
    ("ReLU", set()),
    ("MaxPool2d", set()),
    ("flatten", {"start_dim"}),
    ("Linear", set()),
    ("is_available", set()),
    ("to", set()),
    ("DataLoader", {"batch_size", "shuffle"}),
    ("parameters", set()),
    ("Adam", {"lr"}),
    ("CrossEntropyLoss", set()),
    ("train", set()),
    ("zero_grad", set()),
    ("backward", set()),
    ("step", set()),
    ("item", set()),
    ("state_dict", set()),
    ("save", set()),
    ("load", {"map_location", "weights_only"}),
    ("load_state_dict", set()),
    ("eval", set()),
    ("no_grad", set()),
    ("argmax", {"dim"}),
]


def calls_of(*lessons: str) -> dict[str, set[str]]:
    """The names of all calls in the notebooks' code, solutions aside, each with the keywords that
    one call or another gives.
    """
    found: dict[str, set[str]] = {}
    for lesson in lessons:
        (path,) = (ROOT / "notebooks").glob(f"{lesson}_*.ipynb")
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type != "code" or "solution" in cell.metadata.get("tags", []):
                continue
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Call):
                    name = ast.unparse(node.func)
                    name = name if name.startswith("super()") else name.rpartition(".")[2]
                    keywords = {keyword.arg for keyword in node.keywords if keyword.arg}
                    found[name] = found.get(name, set()) | keywords
    return found


SEEN = calls_of("00", "03")


@pytest.mark.parametrize(("name", "keywords"), CALLS, ids=[name for name, _ in CALLS])
def test_lessons_00_and_03_show_every_call_of_the_sources_first_two_sections(name, keywords):
    assert name in SEEN
    assert keywords <= SEEN[name]


def test_they_show_a_network_as_a_class():
    (path,) = (ROOT / "notebooks").glob("03_*.ipynb")
    code = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    classes = [node for c in code for node in ast.parse(c).body if isinstance(node, ast.ClassDef)]
    assert "nn.Module" in {ast.unparse(base) for node in classes for base in node.bases}


def test_the_first_lesson_trains_saves_and_loads_within_ten_cells():
    notebook = nbformat.read(ROOT / "notebooks" / "00_training_loop.ipynb", as_version=4)
    first, second = (
        next(n for n, cell in enumerate(notebook.cells) if re.search(title, cell.source, re.M))
        for title in (r"^## 1\. ", r"^## 2\. ")
    )
    code = [c.source for c in notebook.cells[first:second] if c.cell_type == "code"]
    assert len(code) <= 10
    for call in ("Conv2d(", "backward()", "argmax(", "torch.save(", "load_state_dict("):
        assert any(call in source for source in code), call
