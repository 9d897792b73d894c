"""Two trainings of lesson 07's benchmark that need more than one network or other pictures: the
best of many candidates, and photographs of which a mirror changes the label.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.data import images_of, labels_of, permutation
from benchmarks.lesson_07.laboratory import Laboratory
from course_utils.training import predict

VEHICLES = ("airplane", "automobile", "ship", "truck")


def side_by_side(
    images: Tensor, labels: Tensor, classes: tuple[str, ...], most: int, seed: int
) -> tuple[Tensor, Tensor]:
    """Photographs at half their width, an animal and a vehicle side by side: (at most `most`, 3,
    32, 32), and label 0 if the animal is on the left.
    """
    order = permutation(len(labels), seed)
    vehicle = torch.tensor([name in VEHICLES for name in classes])[labels[order]]
    pixels = images[order].unflatten(-1, (16, 2)).float().mean(dim=-1)  # (N, 3, 32, 16)
    narrow = pixels.round().to(torch.uint8)
    number = min(most, int(vehicle.sum()), int((~vehicle).sum()))
    animals, vehicles = narrow[~vehicle][:number], narrow[vehicle][:number]
    swapped = torch.rand(number, generator=torch.Generator().manual_seed(seed)) < 0.5
    where = swapped.view(-1, 1, 1, 1)
    left = torch.where(where, vehicles, animals)
    right = torch.where(where, animals, vehicles)
    return torch.cat([left, right], dim=-1), swapped.long()


def left_or_right(lab: Laboratory, augment: Callable | None) -> dict:
    """Test accuracy in telling on which side the animal is."""
    splits, made = lab.splits, {}
    for name in ("train", "test"):
        part = getattr(splits, name)
        pictures = images_of(part), labels_of(part), splits.classes
        images, labels = side_by_side(*pictures, lab.plan.pairs, lab.seed)
        made[name] = {"images": images, "labels": labels}
    model = lab.train(lab.batches("train", augment=augment, **made["train"]), classes=2)
    return {"test": lab.accuracy(model, lab.batches(**made["test"]))}


def choose_candidate(lab: Laboratory) -> dict:
    """Small networks that differ in rate, first weights and order; what the best seems to be worth,
    and is worth.
    """
    plan, correct = lab.plan, []
    low, high = plan.candidate_rates
    for number in range(plan.candidates):
        seed = 1000 * (lab.seed + 1) + number
        draw = torch.rand((), generator=torch.Generator().manual_seed(seed)).item()
        model = lab.train(
            lab.batches("train", chosen=slice(plan.candidate_images)),
            seed=seed,
            blocks=plan.candidate_blocks,
            lr=low * (high / low) ** draw,
            epochs=plan.candidate_epochs,
        )
        logits, labels = predict(model, lab.batches(), lab.device)
        correct.append(logits.argmax(dim=1) == labels)
    found = {}
    for number in plan.chosen_on:
        found |= best_of(torch.stack(correct), number, plan.draws, lab.seed)
    return found


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
