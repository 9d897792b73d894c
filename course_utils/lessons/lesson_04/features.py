"""What lesson 04 does with a backbone: features that are computed once, a linear probe on them,
rates by group.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from course_utils.training import predict


def few_of_each(labels: Tensor, number: int, seed: int) -> Tensor:
    """Indices of `number` images of each class among `labels` (N,), chosen at random by `seed`,
    shuffled.

    Raises:
        ValueError: if a class has fewer.
    """
    if number < 1 or number > (least := int(labels.bincount().min())):
        has = "give at least 1" if number < 1 else f"the smallest class has {least}: ask for fewer"
        raise ValueError(f"number is {number}, {has}")
    shuffled = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    chosen = [
        shuffled[labels[shuffled] == label][:number] for label in range(int(labels.max()) + 1)
    ]
    return shuffled[torch.isin(shuffled, torch.cat(chosen))]


def extract_features(
    model: nn.Module, dataset: Dataset, device: torch.device, batch_size: int = 250
) -> tuple[Tensor, Tensor]:
    """Features (N, width), the means over the places of `model.features`'s maps, and labels (N,),
    on the CPU.

    The whole data set is sent through once, in its order, in evaluation mode, without gradients.

    Raises:
        ValueError: if the data set is empty.
    """
    body = nn.Sequential(model.features, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return predict(body.to(device), DataLoader(dataset, batch_size), device)


def fit_probe(
    features: Tensor, labels: Tensor, num_classes: int, weight_decay: float = 0.01
) -> nn.Linear:
    """Multinomial logistic regression: features (N, width), labels (N,) -> a linear layer for such
    features.

    It is found on standardised features (mean 0, deviation 1 over the N); the scaling is then put
    into the layer. The loss is the mean cross-entropy plus `weight_decay` / 2 times the sum of the
    squared weights. L-BFGS starts at zero, so there is no chance in it.
    """
    mean, std = features.mean(dim=0), features.std(dim=0, correction=0).clamp(min=1e-6)
    standardised = (features - mean) / std  # (N, width)
    probe = nn.Linear(features.shape[1], num_classes)
    nn.init.zeros_(probe.weight)
    nn.init.zeros_(probe.bias)
    optimizer = torch.optim.LBFGS(probe.parameters(), max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = (
            F.cross_entropy(probe(standardised), labels)
            + weight_decay / 2 * probe.weight.square().sum()
        )
        loss.backward()
        return loss

    optimizer.step(closure)
    with torch.no_grad():
        probe.weight /= std
        probe.bias -= probe.weight @ mean
    return probe


def parameter_groups(model: nn.Module, backbone_rate: float, head_rate: float) -> list[dict]:
    """Groups for an optimizer: `model.features` learns at one rate, `model.classifier` at another;
    frozen ones not.
    """
    rates = {model.features: backbone_rate, model.classifier: head_rate}
    return [
        {"params": [p for p in part.parameters() if p.requires_grad], "lr": rate}
        for part, rate in rates.items()
    ]
