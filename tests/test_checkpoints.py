"""Files of tensors and plain values: whole or not there, and nothing in them that could run."""

import os
import pickle
import random
from collections import Counter, OrderedDict

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import SGD, AdamW, lr_scheduler
from torch.utils.data import DataLoader

from course_utils.checkpoints import (
    load_checkpoint,
    load_file,
    save_checkpoint,
    save_file,
    settings_of,
)
from tests.helpers import raises


def parts(*, out=2, optimizer=SGD, scheduler=None, generator=True, steps=2):
    """What a training is made of, after some steps."""
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, out))
    optimizer = optimizer(model.parameters(), lr=0.1)
    made = {
        "model": model,
        "optimizer": optimizer,
        "scheduler": scheduler(optimizer) if scheduler else None,
        "generator": torch.Generator().manual_seed(random.randrange(1000)) if generator else None,
    }
    made["settings"] = settings_of(optimizer, made["scheduler"], DataLoader(range(5)))
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.rand(5, 3)).square().mean().backward()
        optimizer.step()
        if scheduler:
            made["scheduler"].step()
    return made


def save(path, made, history=None, best_weights=None):
    save_checkpoint(path, **made, history=history or {"val_loss": [0.5]}, best_weights=best_weights)


def test_values_come_back(tmp_path):
    values = {
        "numbers": [1, 0.1, True, None, float("inf")],
        "text": "é",
        7: (1, (2.5, "x")),
        "nested": {"tensor": torch.arange(3), "empty": {}},
        "weights": OrderedDict(nn.Linear(2, 1).state_dict()),
        "counter": Counter([1, 1]),
    }
    save_file(values, tmp_path / "new folder" / "x.pt")
    back = load_file(str(tmp_path / "new folder" / "x.pt"))
    assert back["numbers"] == values["numbers"]
    assert (back["text"], back[7], back["counter"]) == ("é", (1, (2.5, "x")), values["counter"])
    assert torch.equal(back["nested"]["tensor"], torch.arange(3))
    assert all(
        torch.equal(back["weights"][name], value) for name, value in values["weights"].items()
    )
    assert [path.name for path in (tmp_path / "new folder").iterdir()] == ["x.pt"]


class Marker:
    def __reduce__(self):
        return os.mkdir, ("ran",)


@pytest.mark.parametrize(
    ("values", "where", "kind"),
    [
        ({"a": Marker()}, "values['a']", "Marker"),
        ({"a": [1, {"b": (print,)}]}, "values['a'][1]['b'][0]", "builtin_function_or_method"),
        ({"lr": np.float64(0.1)}, "values['lr']", "float64"),
        ({"a": np.zeros(2)}, "values['a']", "ndarray"),
        ({"a": {1, 2}}, "values['a']", "set"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(tmp_path, values, where, kind):
    path = tmp_path / "x.pt"
    save_file({"old": 1}, path)
    with raises(
        TypeError, f"{where} is a {kind}: a file holds tensors, numbers, text, lists and dicts"
    ):
        save_file(values, path)
    assert load_file(path) == {"old": 1}


def interrupted_save(values, file):
    file.write(b"half")
    raise KeyboardInterrupt


def full_disk(*_):
    raise OSError("no space left")


@pytest.mark.parametrize(
    ("module", "name", "broken", "error"),
    [(torch, "save", interrupted_save, KeyboardInterrupt), (os, "fsync", full_disk, OSError)],
)
def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch, module, name, broken, error):
    path = tmp_path / "x.pt"
    save_file({"old": 1}, path)
    with monkeypatch.context() as patch:
        patch.setattr(module, name, broken)
        with pytest.raises(error):
            save_file({"new": 2}, path)
    assert load_file(path) == {"old": 1}
    save_file({"new": 2}, path)
    assert load_file(path) == {"new": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["x.pt"]


def test_a_file_is_synced_before_it_takes_the_name(tmp_path, monkeypatch):
    events, sync = [], os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda file: (events.append((tmp_path / "x.pt").exists()), sync(file))
    )
    save_file({}, tmp_path / "x.pt")
    assert events == [False]
    assert (tmp_path / "x.pt").exists()


def test_a_file_that_is_not_there_is_named(tmp_path):
    with raises(
        FileNotFoundError, f"no file {tmp_path / 'x.pt'}: train first, or give another path"
    ):
        load_file(tmp_path / "x.pt")


DAMAGED = "x.pt is damaged, or no file of tensors: delete it and train again"


@pytest.mark.parametrize(
    "content", [b"", b"\0", b"This is text.", b"\x80\x02.", b"PK\x03\x04", bytes(1000)]
)
def test_a_file_of_something_else_is_refused(tmp_path, content):
    (tmp_path / "x.pt").write_bytes(content)
    with raises(ValueError, DAMAGED):
        load_file(tmp_path / "x.pt")


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_a_damaged_file_is_refused_whatever_the_damage(tmp_path):
    path, chance = tmp_path / "x.pt", random.Random(0)
    save_file({"weights": nn.Linear(3, 4).state_dict(), "history": [1.0, 2]}, path)
    whole = path.read_bytes()
    for cut in range(0, len(whole), 60):
        path.write_bytes(whole[:cut])
        with raises(ValueError, DAMAGED):
            load_file(path)
    start = (
        whole.index(b"weights") - 100
    )  # where the values are described; a changed weight cannot be noticed
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[chance.randrange(start, start + 500)] = chance.randrange(256)
        path.write_bytes(damaged)
        try:
            load_file(path)
        except ValueError as error:
            assert str(error) == DAMAGED


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_a_file_cannot_run_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"model": Marker()}, tmp_path / "x.pt")
    with raises(ValueError, DAMAGED):
        load_file(tmp_path / "x.pt")
    (tmp_path / "x.pt").write_bytes(pickle.dumps(Marker()))
    with raises(ValueError, DAMAGED):
        load_file(tmp_path / "x.pt")
    assert [path.name for path in tmp_path.iterdir()] == ["x.pt"]


SCHEDULERS = {
    "one cycle": lambda optimizer: lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=10),
    "lambda": lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda step: 0.9**step),
    "cosine": lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, 10),
    "steps": lambda optimizer: lr_scheduler.MultiStepLR(optimizer, [1, 5]),
    "cyclic": lambda optimizer: lr_scheduler.CyclicLR(optimizer, 0.01, 0.1, cycle_momentum=False),
    "warm-up": lambda optimizer: lr_scheduler.SequentialLR(
        optimizer,
        [lr_scheduler.LinearLR(optimizer), lr_scheduler.CosineAnnealingLR(optimizer, 8)],
        [2],
    ),
}


@pytest.mark.filterwarnings("ignore:The epoch parameter")
@pytest.mark.parametrize("scheduler", [None, *SCHEDULERS.values()], ids=["none", *SCHEDULERS])
@pytest.mark.parametrize("optimizer", [SGD, AdamW])
def test_everything_comes_back(tmp_path, optimizer, scheduler):
    random.gauss(0, 1)  # leaves a second number for the next call, which is state, too
    saved = parts(optimizer=optimizer, scheduler=scheduler)
    save(
        tmp_path / "x.pt",
        saved,
        history={"val_loss": [0.1, 0.2]},
        best_weights=saved["model"].state_dict(),
    )

    def go_on(made):
        numbers = [
            random.gauss(0, 1),
            random.random(),
            torch.rand(2),
            torch.rand(2, generator=made["generator"]),
        ]
        for _ in range(3):
            made["optimizer"].zero_grad()
            made["model"](torch.rand(5, 3)).square().mean().backward()
            made["optimizer"].step()
            if scheduler:
                made["scheduler"].step()
        return [
            *numbers,
            *made["model"].state_dict().values(),
            made["optimizer"].param_groups[0]["lr"],
        ]

    expected = go_on(saved)
    random.seed(99)
    torch.manual_seed(99)
    loaded = parts(optimizer=optimizer, scheduler=scheduler, steps=0)
    values = load_checkpoint(tmp_path / "x.pt", **loaded)
    assert values["history"] == {"val_loss": [0.1, 0.2]}
    assert values["best_weights"].keys() == loaded["model"].state_dict().keys()
    for left, right in zip(go_on(loaded), expected, strict=True):
        assert torch.equal(torch.as_tensor(left), torch.as_tensor(right))


def test_a_loader_without_a_generator(tmp_path):
    saved = parts(generator=False)
    save(tmp_path / "x.pt", saved)
    load_checkpoint(tmp_path / "x.pt", **parts(generator=False))


def test_a_checkpoint_holds_tensors_and_plain_values_only(tmp_path):
    save(tmp_path / "x.pt", parts(scheduler=SCHEDULERS["one cycle"]))

    def check(value):
        if isinstance(value, dict):
            value = [*value.keys(), *value.values()]
        if isinstance(value, list | tuple):
            for item in value:
                check(item)
        else:
            assert isinstance(value, torch.Tensor) or type(value) in (
                bool,
                int,
                float,
                str,
                type(None),
            )

    check(torch.load(tmp_path / "x.pt", weights_only=True))


ANOTHER = "x.pt is of another training ({}): delete it or use another name"


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    save(tmp_path / "x.pt", parts())
    with pytest.raises(
        ValueError,
        match=r"^x\.pt is of another training \(size mismatch for 2\.bias: .*\): delete it",
    ):
        load_checkpoint(tmp_path / "x.pt", **parts(out=3))
    other = parts()
    other["model"] = nn.Linear(3, 2)
    with pytest.raises(ValueError, match=r"^x\.pt is of another training \(Unexpected key"):
        load_checkpoint(tmp_path / "x.pt", **other)


@pytest.mark.parametrize(
    ("saved", "asked", "reason"),
    [
        ({}, {"optimizer": AdamW}, "optimizer SGD, not AdamW"),
        ({}, {"scheduler": "cosine"}, "scheduler none, not CosineAnnealingLR"),
        ({"scheduler": "cosine"}, {}, "scheduler CosineAnnealingLR, not none"),
        (
            {"scheduler": "cosine"},
            {"scheduler": "steps"},
            "scheduler CosineAnnealingLR, not MultiStepLR",
        ),
    ],
)
def test_a_checkpoint_of_another_optimizer_or_scheduler_is_refused(tmp_path, saved, asked, reason):
    saved, asked = (
        parts(
            **{
                name: SCHEDULERS[value] if name == "scheduler" else value
                for name, value in options.items()
            }
        )
        for options in (saved, asked)
    )
    save(tmp_path / "x.pt", saved)
    before = [value.clone() for value in asked["model"].state_dict().values()]
    with raises(ValueError, ANOTHER.format(reason)):
        load_checkpoint(tmp_path / "x.pt", **asked)
    assert all(
        torch.equal(*pair)
        for pair in zip(asked["model"].state_dict().values(), before, strict=True)
    )


def test_a_checkpoint_of_other_parameter_groups_is_refused(tmp_path):
    save(tmp_path / "x.pt", parts())
    asked = parts()
    asked["optimizer"] = SGD([{"params": [p]} for p in asked["model"].parameters()], lr=0.1)
    with raises(
        ValueError, ANOTHER.format("loaded state dict has a different number of parameter groups")
    ):
        load_checkpoint(tmp_path / "x.pt", **asked)


@pytest.mark.parametrize(
    "values", [{}, {"model": {}}, nn.Linear(1, 1).state_dict(), torch.zeros(2), [1]]
)
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, values):
    torch.save(values, tmp_path / "x.pt")
    with raises(ValueError, "x.pt is no checkpoint of a training: use another name"):
        load_checkpoint(tmp_path / "x.pt", **parts())
