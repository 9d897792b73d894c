"""The report of `doctor`, on machines that lack this or that."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from click.testing import CliRunner

from course_utils import paths
from course_utils.cli import doctor
from course_utils.cli.commands import main


@pytest.fixture
def report(monkeypatch, tmp_path):
    """Run `doctor` where no data are; gives its exit status and its lines as a dictionary."""
    monkeypatch.setattr(paths, "DATA_DIR", tmp_path / "data")
    monkeypatch.setattr(paths, "RUNS_DIR", tmp_path / "runs" / "deep")
    monkeypatch.setattr(paths, "WEIGHTS_DIR", tmp_path / "weights")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setattr(doctor, "REQUIREMENTS", tmp_path / "requirements.txt")
    (tmp_path / "requirements.txt").write_text(
        "torch>=2.9\ntqdm>=4\n\n# a comment\n-e .\n", encoding="utf-8"
    )
    for variable in doctor.VARIABLES:
        monkeypatch.delenv(variable, raising=False)

    def invoke() -> tuple[int, dict[str, str]]:
        result = CliRunner().invoke(main, ["doctor"])
        assert isinstance(result.exception, SystemExit | None) and result.stderr == ""
        return result.exit_code, {
            line[:20].strip(): line[20:] for line in result.stdout.splitlines()
        }

    return invoke


def test_a_healthy_machine(report):
    status, lines = report()
    assert status == 0
    assert list(lines) == [
        *(
            "python",
            "platform",
            "course_utils",
            "torch",
            "tqdm",
            "devices",
            "cuda libraries",
            "threads",
            "memory",
            "data",
            "runs",
        ),
        *("cifar10", "image folders", "weights", "vgg16"),
    ]
    assert lines["torch"] == torch.__version__
    assert lines["threads"].startswith(f"{torch.get_num_threads()} of torch's on ")
    assert lines["devices"].startswith("cpu")
    assert lines["runs"].endswith(" GB free")
    assert lines["cifar10"] == "not here; to get it: python -m course_utils data cifar10"
    assert lines["image folders"] == lines["weights"] == lines["vgg16"] == "none"


def test_it_finds_data_and_weights(report, tmp_path):
    for folder in (
        "data/cifar-10-batches-py",
        "data/birds/train",
        "data/birds/test",
        "data/odd/train",
        "weights",
    ):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    for file in (
        "weights/b.pt",
        "weights/a.pt",
        "hub/checkpoints/vgg16-1.pth",
        "hub/checkpoints/resnet.pth",
    ):
        (tmp_path / file).touch()
    lines = report()[1]
    assert lines["cifar10"] == "found"
    assert lines["image folders"] == "birds"
    assert lines["weights"] == "a.pt, b.pt"
    assert lines["vgg16"] == "vgg16-1.pth"


def test_environment_variables_are_shown_if_set_with_the_home_folder_shortened(report, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setenv("COURSE_DATA", str(Path.home() / "pictures"))
    lines = report()[1]
    assert lines["OMP_NUM_THREADS"] == "2"
    assert lines["COURSE_DATA"] == str(Path("~", "pictures"))
    assert "COURSE_RUNS" not in lines


def test_a_missing_package_fails_with_the_way_out(report, tmp_path):
    (tmp_path / "requirements.txt").write_text("tqdm\nno_such_package>=1\n", encoding="utf-8")
    status, lines = report()
    assert status == 1
    assert lines["no_such_package"] == "missing: python -m pip install -r requirements.txt"


def test_a_package_that_does_not_import_fails_with_its_reason(report, monkeypatch):
    def broken(name):
        if name == "tqdm":
            raise OSError("libtqdm.so: not found\nand more")
        return sys.modules[name]

    monkeypatch.setattr(doctor, "import_module", broken)
    status, lines = report()
    assert status == 1
    reason = "fails: OSError: libtqdm.so: not found: python -m pip install -r requirements.txt --force-reinstall"
    assert lines["tqdm"].endswith(f", {reason}")


def test_without_torch_every_line_is_still_there(report, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "course_utils.paths", None)
    monkeypatch.setitem(sys.modules, "torchvision.datasets", None)
    status, lines = report()
    assert status == 1
    assert len(lines) == 15
    for label in (
        "devices",
        "cuda libraries",
        "threads",
        "data",
        "runs",
        "cifar10",
        "image folders",
        "weights",
        "vgg16",
    ):
        assert lines[label].startswith("fails: ModuleNotFoundError: import of ")


@pytest.mark.parametrize(
    ("gpu", "line"),
    [
        (True, "3.0 GB"),
        (
            False,
            "3.0 GB, unused without a GPU: docs/start.md, 'Without a GPU', installs torch without them",
        ),
    ],
)
def test_cuda_libraries_that_no_gpu_uses_are_named_with_the_way_to_do_without(
    report, monkeypatch, gpu, line
):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(
        doctor.metadata,
        "distributions",
        lambda: [_package("nvidia-cublas", 2), _package("triton", 1), _package("tqdm", 5)],
    )
    status, lines = report()
    assert status == 0 and lines["cuda libraries"] == line


def test_torch_for_processors_alone_brings_no_cuda_libraries(report, monkeypatch):
    monkeypatch.setattr(doctor.metadata, "distributions", lambda: [_package("tqdm", 5)])
    assert report()[1]["cuda libraries"] == "none"


def _package(name, gigabytes):
    return SimpleNamespace(name=name, files=[SimpleNamespace(size=gigabytes * 10**9)])


def test_commits_are_unknown_without_git(report, monkeypatch):
    monkeypatch.setenv("PATH", "")
    status, lines = report()
    assert status == 0 and lines["course_utils"].endswith(", commit unknown")


def test_the_real_requirements_are_read():
    names = doctor.required_packages()
    assert {"torch", "torchvision", "papermill", "nbval"} <= set(names)
    assert all(name.isidentifier() for name in names)
