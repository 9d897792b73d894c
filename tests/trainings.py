"""Small trainings, for tests of the training loop."""

import torch
from torch import nn
from torch.optim import SGD
from torch.utils.data import DataLoader, TensorDataset

from course_utils.training import (
    fit,
)

CPU = torch.device("cpu")


def batches(*sizes, features=4, classes=3):
    generator = torch.Generator().manual_seed(len(sizes))
    return [
        (
            torch.randn(n, features, generator=generator),
            torch.randint(classes, (n,), generator=generator),
        )
        for n in sizes
    ]


def linear(seed=0):
    torch.manual_seed(seed)
    return nn.Linear(4, 3)


def clone(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def equal(left, right):
    """Whether nested values are equal bit for bit."""
    if isinstance(left, torch.Tensor):
        return torch.equal(left, right) and left.dtype == right.dtype
    if isinstance(left, dict):
        return list(left) == list(right) and all(equal(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(equal, left, right))
    return left == right


def loaders(size=20, batch_size=8):
    images, labels = (torch.cat(part) for part in zip(*batches(size), strict=True))
    data = TensorDataset(images, labels)
    generator = torch.Generator().manual_seed(0)
    return DataLoader(data, batch_size, shuffle=True, generator=generator), DataLoader(
        data, batch_size
    )


def small_fit(model, epochs, **options):
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    return fit(model, *loaders(), optimizer=optimizer, epochs=epochs, device=CPU, **options)
