"""Three details of training with a backbone, on photographs and with few labels.

Everything is as in the fine-tuning of `transfer`, whose record is the arm that these are paired
with: the same images, probe to start from, crops and flips, steps, and rates that fall to 0.
`rates`: one rate for all parts. `dropout`: in front of the head. `frozen`: a fresh head learns alone
on a frozen backbone, whose batch normalisation stays in evaluation mode or is left in training mode,
so that its running statistics move.
"""

from copy import deepcopy
from dataclasses import dataclass, replace

import torch
from torch import nn
from torch.utils.data import Subset
from torchvision.transforms import v2

from benchmarks.data import CROP_FLIP, labels_of, permutation, rescaled
from benchmarks.harness import Run, columns
from benchmarks.lesson_04.probes import sources
from benchmarks.lesson_04.transfer import accuracy_on, fine_tuned, train
from benchmarks.lesson_05.forgotten import accuracy_in_training_mode
from benchmarks.training import MixedPrecision
from course_utils.data import Splits
from course_utils.lessons.lesson_04.backbones import add_head
from course_utils.lessons.lesson_04.features import (
    extract_features,
    few_of_each,
    parameter_groups,
)
from course_utils.runtime import seed_everything


@dataclass(frozen=True)
class Plan:
    weights: str = "mini"  # what load_backbone takes
    seeds: tuple[int, ...] = (0, 1, 2)
    labels: int = 100
    steps: int = 240
    batch_size: int = 64
    backbone_lr: float = 3e-4
    head_lr: float = 1e-3
    head_decay: float = 1.0
    one_lr: tuple[float, ...] = (3e-4, 1e-3)
    p: float = 0.5  # of dropout

    def about(self) -> dict[str, int]:
        return {"labels_per_class": self.labels, "seeds": len(self.seeds), "steps": self.steps}


class Still(nn.Sequential):
    """Layers that stay in evaluation mode when the network around them is put in training mode."""

    def train(self, mode: bool = True) -> "Still":
        return super().train(False)


def seen_by(
    plan: Plan, splits: Splits, seed: int, augment: v2.Transform | None = CROP_FLIP
) -> Subset:
    """The training images of a seed, cropped and flipped, or plain."""
    seen = rescaled(splits.train, splits.mean, splits.std, augment)
    return Subset(seen, few_of_each(labels_of(seen), plan.labels, seed).tolist())


def fine_tune(
    run: Run, plan: Plan, backbone_lr: float, head_lr: float, p: float, seed: int
) -> dict:
    """Test accuracy of the whole network, trained from a probe."""
    backbone, splits = sources(run.dataset, plan.weights)
    frozen = add_head(MixedPrecision(deepcopy(backbone.features)), len(splits.classes))
    rows = extract_features(frozen, seen_by(plan, splits, seed, None), torch.device(run.device))
    plan = replace(plan, backbone_lr=backbone_lr, head_lr=head_lr)
    part = seen_by(plan, splits, seed)
    model = fine_tuned(run, plan, backbone, rows, part, plan.steps, seed, p=p)
    return {"test_accuracy": accuracy_on(run, model, splits.test)}


def train_head(run: Run, plan: Plan, mode: str, seed: int) -> dict:
    """Test accuracy of a head on a frozen backbone that learned in such a mode, in both modes; in
    training mode the test images come mixed, in batches as large as in training.
    """
    backbone, splits = sources(run.dataset, plan.weights)
    part = seen_by(plan, splits, seed)
    seed_everything(seed)
    layers = deepcopy(backbone.features).requires_grad_(False)
    layers = Still(*layers) if mode == "evaluation" else layers
    model = add_head(layers, len(splits.classes)).to(run.device)
    groups = parameter_groups(model, plan.head_lr, plan.head_lr)
    model = train(run, plan, model, groups, part, plan.steps, seed)
    found = {"evaluation": accuracy_on(run, model, splits.test)}
    if mode == "training":  # last: it moves the running statistics
        mixed = Subset(splits.test, permutation(len(splits.test), seed).tolist())
        found["training"] = accuracy_in_training_mode(model, mixed, plan.batch_size)
    return found


def recorded_arm(run: Run, plan: Plan) -> list[float]:
    """Test accuracy of the fine-tuning that `transfer` has recorded, one a seed."""
    return run.entry("arms")["fine_tuning"][str(plan.labels)]


def rates(run: Run, plan: Plan | None = None) -> dict:
    plan = plan or Plan()
    each = recorded_arm(run, plan)
    tasks = [(lr, lr, 0.0, seed) for lr in plan.one_lr for seed in plan.seeds]
    found = run.map(fine_tune, plan, tasks)
    one = {lr: [found[lr, lr, 0.0, s]["test_accuracy"] for s in plan.seeds] for lr in plan.one_lr}
    lr = {"backbone": plan.backbone_lr, "head": plan.head_lr}
    return {"rates": {"each": each, "one": one, "lr_of_each": lr, **plan.about()}}


def dropout(run: Run, plan: Plan | None = None) -> dict:
    plan = plan or Plan()
    off = recorded_arm(run, plan)
    tasks = [(plan.backbone_lr, plan.head_lr, plan.p, seed) for seed in plan.seeds]
    found = run.map(fine_tune, plan, tasks)
    on = [found[task]["test_accuracy"] for task in tasks]
    return {"dropout": {"off": off, "on": on, "p": plan.p, **plan.about()}}


def frozen(run: Run, plan: Plan | None = None) -> dict:
    plan = plan or Plan()
    modes = ("evaluation", "training")
    found = run.map(train_head, plan, [(mode, seed) for mode in modes for seed in plan.seeds])
    by_mode = {mode: columns([found[mode, seed] for seed in plan.seeds]) for mode in modes}
    return {"frozen": {"head_lr": plan.head_lr, "learned_in": by_mode, **plan.about()}}
