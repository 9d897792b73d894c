"""Whoever reads only lessons 00 and 03 has seen every call of the source tutorial's sections 1 and
2, from the data set to the loaded weights.
"""

import re

import pytest

from tests.helpers import notebook

CODE = "\n".join(
    cell.source
    for lesson in ("00", "03")
    for cell in notebook(lesson).cells
    if cell.cell_type == "code" and "solution" not in cell.metadata.get("tags", [])
)
CALLS = [
    r"CIFAR10\(.*train=True.*transform=",
    r"v2\.Compose\(",
    r"v2\.RandomCrop\(32, padding=4\)",
    r"v2\.RandomHorizontalFlip\(",
    r"v2\.ToImage\(\)",
    r"v2\.ToDtype\(torch\.float32, scale=True\)",
    r"v2\.Normalize\(",
    r"torch\.stack\(",
    r"\.mean\(dim=\(0, 2, 3\)",
    r"\.std\(dim=\(0, 2, 3\)",
    r"DataLoader\(.*batch_size=.*shuffle=True\)",
    r"class \w+\(Dataset\):",
    r"class \w+\(nn\.Module\):",
    r"super\(\)\.__init__\(\)",
    r"nn\.Sequential\(",
    r"nn\.Conv2d\(.*kernel_size=3, padding=1\)",
    r"nn\.ReLU\(\)",
    r"nn\.MaxPool2d\(kernel_size=2, stride=2\)",
    r"\.flatten\(start_dim=1\)",
    r"nn\.Linear\(",
    r"\.to\(device\)",
    r"nn\.CrossEntropyLoss\(\)",
    r"torch\.optim\.Adam\(.*\.parameters\(\), lr=",
    r"optimizer\.zero_grad\(\)",
    r"loss\.backward\(\)",
    r"optimizer\.step\(\)",
    r"loss\.item\(\)",
    r"torch\.save\(model\.state_dict\(\), ",
    r"torch\.load\(.*map_location=device, weights_only=True\)",
    r"model\.load_state_dict\(",
    r"model\.train\(\)",
    r"model\.eval\(\)",
    r"with torch\.no_grad\(\):",
    r"\.argmax\(dim=1\) == labels\)\.sum\(\)\.item\(\)",
]


@pytest.mark.parametrize("call", CALLS)
def test_lessons_00_and_03_make_the_call(call):
    assert re.search(call, CODE)
