"""The best of many candidates, chosen on few test images: what it seems worth, and is worth."""

import torch
from torch import Tensor


def best_of(correct: Tensor, number: int, draws: int, seed: int) -> dict[str, float]:
    """Which predictions were correct (candidates, images) -> mean accuracy of the best, on `number`
    images and on the rest.

    The best is chosen on `number` images that are drawn `draws` times.
    """
    generator = torch.Generator().manual_seed(seed)
    shown, rest = 0.0, 0.0
    for _ in range(draws):
        order = torch.randperm(correct.shape[1], generator=generator)
        accuracies = correct[:, order[:number]].double().mean(dim=1)
        best = accuracies.argmax()
        shown += accuracies[best].item() / draws
        rest += correct[best, order[number:]].double().mean().item() / draws
    return {f"best {number}": shown, f"rest {number}": rest}
