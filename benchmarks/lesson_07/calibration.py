"""How far a network's confidence can be trusted, and one number that mends it (Guo et al. 2017)."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Reliability(NamedTuple):
    """For each bin: mean confidence, accuracy, how many images, (bins,) each; 0 for an empty bin."""

    confidence: Tensor
    accuracy: Tensor
    counts: Tensor


def reliability(logits: Tensor, labels: Tensor, bins: int = 10) -> Reliability:
    """Sort predictions into `bins` equal bins of confidence, the largest probability, and measure
    each bin's accuracy.
    """
    probabilities = F.softmax(logits.double(), dim=1)  # (N, classes)
    confidence, predictions = probabilities.max(dim=1)  # (N,), (N,)
    correct = (predictions == labels).double()
    index = (confidence * bins).long().clamp(max=bins - 1)  # confidence 1 is in the last bin
    counts = index.bincount(minlength=bins)
    divisors = counts.clamp(min=1)  # the sums of an empty bin are 0
    mean_confidence = index.bincount(confidence, minlength=bins) / divisors
    accuracy = index.bincount(correct, minlength=bins) / divisors
    return Reliability(mean_confidence, accuracy, counts)


def calibration_error(logits: Tensor, labels: Tensor, bins: int = 10) -> float:
    """The expected calibration error (ECE): the mean over images of |confidence - accuracy| of
    their bin, 0 to 1.
    """
    found = reliability(logits, labels, bins)
    gaps = (found.confidence - found.accuracy).abs()
    return ((gaps * found.counts).sum() / found.counts.sum()).item()


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature T > 0 for which logits / T have the least cross-entropy; to be found on
    validation images.

    T above 1 makes every prediction less sure. No prediction changes, and so no accuracy. T stays
    between 0.05 and 20.
    """
    logits = logits.double()
    log_t = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_t], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(logits / log_t.exp(), labels)
        loss.backward()
        return loss

    optimizer.step(closure)
    return log_t.exp().clamp(0.05, 20).item()
