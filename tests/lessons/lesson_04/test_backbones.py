"""Backbones: networks of known shapes, and weights from files and from the net."""

import pytest
import torch
from torchvision.models import VGG16_Weights, vgg16

from course_utils.checkpoints import load_file, save_file
from course_utils.data import IMAGENET_MEAN, IMAGENET_STD, normalization
from course_utils.lessons.lesson_04 import backbones as transfer
from course_utils.lessons.lesson_04.backbones import (
    VGGMini,
    load_backbone,
)
from course_utils.models import count_parameters
from course_utils.paths import WEIGHTS_DIR
from tests.helpers import raises

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def no_cache_no_network(tmp_path, monkeypatch):
    """Torch's cache is an empty folder, and a download fails."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))

    def download(url, *args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", download)
    monkeypatch.setattr(transfer, "MINI_FILE", tmp_path / "vgg_mini.pt")


def vgg16_state(head_width=1000):
    """A state dict of VGG16's shapes, tensor number i full of i + 1; each takes the memory of one
    number.
    """
    with torch.device("meta"):
        shapes = {
            name: value.shape
            for name, value in vgg16(weights=None, num_classes=head_width).state_dict().items()
        }
    return {
        name: torch.tensor(float(i + 1)).expand(shape)
        for i, (name, shape) in enumerate(shapes.items())
    }


def mini_values(num_classes=5, seed=0):
    torch.manual_seed(seed)
    state = {
        name: v.half() if v.is_floating_point() else v
        for name, v in VGGMini(num_classes).state_dict().items()
    }
    return {
        "model": state,
        "mean": [0.1, 0.2, 0.3],
        "std": [0.4, 0.5, 0.6],
        "classes": ["a"] * num_classes,
    }


# The networks


def test_vgg_mini():
    model = VGGMini(7)
    assert count_parameters(model.features) == 1_864_736
    assert model(torch.rand(2, 3, 32, 32)).shape == (2, 7)
    assert model.features(torch.rand(2, 3, 32, 32)).shape == (2, 384, 4, 4)
    assert model(torch.rand(2, 3, 8, 11)).shape == (2, 7)


# Weights


@pytest.mark.parametrize("head_width", [1000, 7])
def test_a_vgg16_state_dict_whatever_its_head(tmp_path, head_width):
    save_file(vgg16_state(head_width), tmp_path / "w.pth")
    backbone = load_backbone(str(tmp_path / "w.pth"))
    assert (backbone.width, backbone.size, backbone.smallest) == (512, 224, 32)
    assert backbone.description == "VGG16 from w.pth"
    assert normalization(backbone.transform) == (tuple(IMAGENET_MEAN), tuple(IMAGENET_STD))
    for i, parameter in enumerate(backbone.features.parameters()):
        assert (parameter == i + 1).all() and parameter.requires_grad
    assert count_parameters(backbone.features) == 14_714_688


def test_a_vgg16_state_dict_without_a_head(tmp_path):
    state = {name: value for name, value in vgg16_state().items() if name.startswith("features.")}
    save_file(state, tmp_path / "w.pth")
    assert (load_backbone(tmp_path / "w.pth").features[28].bias == 26).all()


def test_the_small_backbone_brings_its_own_statistics(tmp_path):
    save_file(mini_values(), tmp_path / "vgg_mini.pt")
    backbone = load_backbone("mini")
    assert normalization(backbone.transform) == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    assert (backbone.width, backbone.size, backbone.smallest) == (384, 32, 8)
    assert (
        not backbone.features.training
    )  # a look in training mode would move its running statistics
    weight = backbone.features[0].weight
    assert weight.dtype == torch.float32  # the file has half precision
    assert torch.equal(weight, mini_values()["model"]["features.0.weight"].float())


def test_the_weights_that_the_course_ships():
    path = WEIGHTS_DIR / "vgg_mini.pt"
    assert path.stat().st_size <= 4_000_000
    values = load_file(path)
    assert set(values) == {"model", "mean", "std", "classes"} and len(set(values["classes"])) == 200
    assert {v.dtype for name, v in values["model"].items() if "num_batches" not in name} == {
        torch.float16
    }
    assert all(v.isfinite().all() for v in values["model"].values())
    assert normalization(load_backbone(path).transform) == (
        tuple(values["mean"]),
        tuple(values["std"]),
    )
    VGGMini(len(values["classes"])).load_state_dict(values["model"])


def test_auto_without_imagenet_takes_the_small_one_and_says_so(tmp_path, capsys):
    save_file(mini_values(), tmp_path / "vgg_mini.pt")
    assert load_backbone().width == 384
    said = "weights 'auto': the course's compact VGG (for VGG16 from ImageNet, a download: weights 'imagenet')\n"
    assert capsys.readouterr().out == said


def test_auto_with_imagenet_in_the_cache_takes_it(monkeypatch, capsys):
    transfer.imagenet_file().parent.mkdir(parents=True)
    transfer.imagenet_file().touch()
    asked = []

    def from_cache(url, **options):
        asked.append((url, options))
        return vgg16_state()

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", from_cache)
    backbone = load_backbone("auto")
    assert backbone.description == "VGG16, trained on ImageNet"
    assert normalization(backbone.transform) == (tuple(IMAGENET_MEAN), tuple(IMAGENET_STD))
    assert (backbone.features[0].weight == 1).all()
    ((url, options),) = asked
    assert (
        url == VGG16_Weights.IMAGENET1K_V1.url and options["check_hash"] and options["weights_only"]
    )
    assert capsys.readouterr().out == (
        "weights 'auto': VGG16 from ImageNet is in torch's cache (for the small network: weights 'mini')\n"
    )


def test_the_download_is_announced_first_and_its_failure_names_the_way_out(capsys):
    with raises(
        ConnectionError,
        "VGG16's ImageNet weights could not be loaded (no network): try again, give the path of the file, or use "
        "weights 'mini'",
    ):
        load_backbone("imagenet")
    assert (
        capsys.readouterr().out
        == "VGG16's ImageNet weights are not in torch's cache: downloading 528 MB\n"
    )


def test_a_wrong_hash_is_refused(monkeypatch):
    def wrong(url, **options):
        raise RuntimeError("invalid hash value")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", wrong)
    with pytest.raises(
        ConnectionError, match=r"could not be loaded \(invalid hash value\): try again"
    ):
        load_backbone("imagenet")


def test_no_weights_is_random_and_seeded():
    first = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        backbone = load_backbone("none")
        first.append(backbone.features[0].weight)
    assert backbone.transform is None and backbone.width == 512
    assert torch.equal(first[0], first[1]) and not torch.equal(first[0], first[2])
    assert all(p.isfinite().all() for p in backbone.features.parameters())


def test_weights_that_are_not_there(tmp_path):
    message = "weights is 'imagenett': neither one of 'auto', 'imagenet', 'mini', 'none' nor a file that exists"
    with raises(FileNotFoundError, message):
        load_backbone("imagenett")
    with pytest.raises(FileNotFoundError, match="weights is 'mini': neither"):
        load_backbone("mini")


def test_a_file_of_other_weights(tmp_path):
    save_file({"conv1.weight": torch.zeros(3)}, tmp_path / "resnet.pth")
    with pytest.raises(ValueError) as error:
        load_backbone(tmp_path / "resnet.pth")
    text = str(error.value)
    assert text.startswith(
        "resnet.pth is no VGG16 state dict with torchvision's names (Missing key(s) in state_dict: "
    )
    assert text.endswith("): give another file") and "\n" not in text and len(text) < 200


def test_vgg16_weights_of_other_shapes(tmp_path):
    state = vgg16_state() | {"features.0.weight": torch.zeros(64, 1, 3, 3)}
    save_file(state, tmp_path / "grey.pth")
    with pytest.raises(
        ValueError, match=r"^grey\.pth is no VGG16 state dict .*size mismatch for 0\.weight"
    ):
        load_backbone(tmp_path / "grey.pth")


@pytest.mark.parametrize("name", ["mean", "std"])
def test_a_small_file_without_statistics(tmp_path, name):
    values = mini_values()
    del values[name]
    save_file(values, tmp_path / "x.pt")
    with raises(ValueError, f"x.pt has no {name!r}: give a file as benchmarks/lesson_04 writes it"):
        load_backbone(tmp_path / "x.pt")


@pytest.mark.parametrize("model", [{}, [1.0], None, 5])
def test_a_small_file_without_weights(tmp_path, model):
    save_file({**mini_values(), "model": model}, tmp_path / "x.pt")
    with pytest.raises(ValueError, match=r"^x\.pt is no state dict of VGGMini"):
        load_backbone(tmp_path / "x.pt")


def test_a_file_that_is_no_state_dict(tmp_path):
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(ValueError, match=r"^list\.pt is no VGG16 state dict"):
        load_backbone(tmp_path / "list.pt")
    (tmp_path / "text.pt").write_text("no weights", encoding="utf-8")
    with raises(ValueError, "text.pt is damaged, or no file of tensors: delete it and train again"):
        load_backbone(tmp_path / "text.pt")


# Heads and freezing
