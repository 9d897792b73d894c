"""The open exercise of lesson 05: the solution that the lesson shows reaches its target."""

import torch
from torch import nn
from torch.optim.swa_utils import update_bn
from torch.utils.data import DataLoader

from course_utils.exercises import check
from tests.helpers import shown_solution


def test_the_solution_shown_wins_back_what_a_new_camera_costs(capsys):
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(400) % 2
    images = torch.randn(400, 3, 4, 4, generator=generator) + labels.view(-1, 1, 1, 1) - 0.5
    cast = torch.tensor([2.0, 2.0, -0.5]).view(3, 1, 1)
    model = nn.Sequential(nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(48, 2))
    with torch.no_grad():  # the class is the sign of the mean
        model[2].weight.copy_(torch.tensor([[-1.0], [1.0]]).expand(2, 48))
        model[2].bias.zero_()

    def accuracy(network, pictures=0.4 * images + cast):
        answers = network.eval()(pictures).argmax(dim=1)
        return (answers == labels).float().mean().item()

    clean = accuracy(model, images)
    assert clean > 0.95 and accuracy(model) < 0.6
    names = {"DataLoader": DataLoader, "update_bn": update_bn, "device": "cpu", "check": check}
    names |= {"model": model, "unlabelled": 0.4 * images + cast, "val_accuracy": clean}
    exec(shown_solution("05", "05.new_camera"), names | {"on_new_camera": accuracy})
    assert capsys.readouterr().out.strip() == "05.new_camera: correct."
