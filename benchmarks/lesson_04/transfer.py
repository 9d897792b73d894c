"""What a backbone saves in labels, on photographs.

Every classifier learns from `labels` images of each class and is tested once, on all test images. A
seed chooses the images and the first weights; the layers of `random` are one draw for all seeds.
`scratch` and `fine_tuning` see cropped and flipped images, with rates that fall to 0 on a straight
line; fine-tuning starts from a probe. `probe` and `random` (the same layers, once with random
weights) are logistic regressions on features of plain images, with the weight decay that is best on
validation; `probe_fixed` has one for all, for whoever has no validation images. Two controls, one
seed each: `scratch_longer` has twice the steps, `fine_tuning_plain` sees plain images as the probe
does. `scaling`: the probe with images scaled in another way, throughout or only when it is tested.
`leak`: the whole network trained on plain training images or, by mistake, on test images; tested on
those (`asked`), and on the other ones (`fresh`).
"""

from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, RandomSampler, Subset

from benchmarks.data import CROP_FLIP, CROP_FLIP_NAME, labels_of, rescaled
from benchmarks.harness import Run
from benchmarks.lesson_04.probes import (
    OWN,
    Features,
    best_probe,
    cache_features,
    probe_accuracy,
    read_features,
    sources,
)
from benchmarks.training import MixedPrecision
from course_utils.lessons.lesson_04.backbones import Backbone, add_head, load_backbone, random_copy
from course_utils.lessons.lesson_04.features import few_of_each, fit_probe, parameter_groups
from course_utils.runtime import seed_everything
from course_utils.training import evaluate, train_one_epoch

STEPS = {
    "scratch": {5: 150, 10: 200, 50: 400, 100: 600, 500: 1200},
    "fine_tuning": {5: 50, 10: 80, 50: 160, 100: 240, 500: 800},
    "scratch_longer": {50: 800},
    "fine_tuning_plain": {500: 800},
}


@dataclass(frozen=True)
class Plan:
    weights: str = "mini"  # what load_backbone takes
    seeds: tuple[int, ...] = (0, 1, 2)
    labels: tuple[int, ...] = (5, 10, 50, 100, 500)
    batch_size: int = 64
    scratch_lr: float = 1e-3
    head_lr: float = 1e-3
    backbone_lr: float = 3e-4
    head_decay: float = 1.0
    scaling_labels: int = 100
    leak_labels: int = 500
    leak_epochs: int = 10
    leak_lr: float = 1e-3

    def arms(self) -> dict[str, dict[int, tuple[int, ...]]]:
        """The seeds of each arm, by labels of each class: the controls have one seed."""
        found = {}
        for arm, steps in STEPS.items():
            seeds = self.seeds if arm in ("scratch", "fine_tuning") else self.seeds[:1]
            found[arm] = {number: seeds for number in self.labels if number in steps}
        return found


def train(
    run: Run, plan: Plan, model: nn.Module, groups: list[dict], part: Dataset, steps: int, seed: int
) -> nn.Module:
    """The model in bfloat16, trained for some steps, however few images there are."""
    batch_size, generator = min(plan.batch_size, len(part)), torch.Generator().manual_seed(seed)
    sampler = RandomSampler(part, num_samples=steps * batch_size, generator=generator)
    optimizer = torch.optim.Adam(groups, fused=True)
    falling = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=steps)
    model, loader = MixedPrecision(model), DataLoader(part, batch_size, sampler=sampler)
    train_one_epoch(model, loader, optimizer, torch.device(run.device), scheduler=falling)
    return model


def accuracy_on(run: Run, model: nn.Module, part: Dataset) -> float:
    return evaluate(model, DataLoader(part, 500), torch.device(run.device)).accuracy


def fine_tuned(
    run: Run,
    plan: Plan,
    backbone: Backbone,
    rows: tuple[Tensor, Tensor],
    part: Dataset,
    steps: int,
    seed: int,
    *,
    p: float = 0.0,
) -> nn.Module:
    """The backbone trained on with a head that was a probe on `rows`, features and labels; `p`: of
    dropout in front of the head.
    """
    seed_everything(seed)
    classes = int(rows[1].max()) + 1
    model = add_head(deepcopy(backbone.features), classes)
    probe = fit_probe(*rows, classes, plan.head_decay)
    model.classifier.load_state_dict(probe.state_dict())
    if p:
        model.pool.append(nn.Dropout(p))
    groups = parameter_groups(model.to(run.device), plan.backbone_lr, plan.head_lr)
    return train(run, plan, model, groups, part, steps, seed)


def train_arm(run: Run, plan: Plan, arm: str, number: int, seed: int) -> dict:
    """Test accuracy of one network."""
    backbone, splits = sources(run.dataset, plan.weights)
    classes, augment = len(splits.classes), None if arm == "fine_tuning_plain" else CROP_FLIP
    seen = rescaled(splits.train, splits.mean, splits.std, augment)
    chosen = few_of_each(labels_of(seen), number, seed)
    part, steps = Subset(seen, chosen.tolist()), STEPS[arm][number]
    if arm.startswith("scratch"):
        seed_everything(seed)
        model = add_head(random_copy(backbone.features), classes).to(run.device)
        groups = parameter_groups(model, plan.scratch_lr, plan.scratch_lr)
        model = train(run, plan, model, groups, part, steps, seed)
    else:
        rows = read_features(run, plan, OWN).rows(chosen)
        model = fine_tuned(run, plan, backbone, rows, part, steps, seed)
    return {"test_accuracy": accuracy_on(run, model, splits.test)}


def probe_space(run: Run, plan: Plan, space: str) -> dict:
    """Test accuracy on the features of one space, for each number of labels one a seed: with the
    best weight decay, and with one for all.
    """
    found: dict = {"test_accuracy": {}, "fixed": {}, "weight_decay": {}}
    features, (_, splits) = read_features(run, plan, space), sources(run.dataset, plan.weights)
    for number in plan.labels:
        best, fixed = [], []
        for seed in plan.seeds:
            rows = features.rows(few_of_each(labels_of(splits.train), number, seed))
            best.append(best_probe(features, rows))
            fixed.append(fit_probe(*rows, len(splits.classes), plan.head_decay))
        found["test_accuracy"][number] = [probe_accuracy(probe, features) for probe, _ in best]
        found["fixed"][number] = [probe_accuracy(probe, features) for probe in fixed]
        found["weight_decay"][number] = [decay for _, decay in best]
    return found


def probe_all(run: Run, plan: Plan, space: str) -> dict:
    features = read_features(run, plan, space)
    probe, decay = best_probe(features, features.rows(features.indices))
    return {
        "train_images": len(features.indices),
        "test_accuracy": probe_accuracy(probe, features),
        "weight_decay": decay,
    }


def scaling(run: Run, plan: Plan, *spaces: str) -> dict:
    """The probe on features of images that are scaled otherwise, throughout or only when it is
    tested.
    """
    found: dict = {"labels_per_class": plan.scaling_labels, "throughout": {}, "only later": {}}
    _, splits = sources(run.dataset, plan.weights)
    by_space: dict[str, Features] = {name: read_features(run, plan, name) for name in spaces}
    for seed in plan.seeds:
        chosen = few_of_each(labels_of(splits.train), plan.scaling_labels, seed)
        own, _ = best_probe(by_space[OWN], by_space[OWN].rows(chosen))
        for name, features in by_space.items():
            same, _ = best_probe(features, features.rows(chosen))
            for way, probe in (("throughout", same), ("only later", own)):
                found[way].setdefault(name, []).append(probe_accuracy(probe, features))
    return found


def leak(run: Run, plan: Plan, trained_on: str) -> dict[str, float]:
    """Accuracy on some test images of each class and on the others, after training on either kind
    of images.
    """
    (backbone, splits), seed = sources(run.dataset, plan.weights), plan.seeds[0]
    parts = {"honest": splits.train_plain, "leaked": splits.test}
    for name, part in parts.items():
        parts[name] = Subset(part, few_of_each(labels_of(part), plan.leak_labels, seed).tolist())
    others = sorted(set(range(len(splits.test))) - set(parts["leaked"].indices))
    seed_everything(seed)
    model = add_head(deepcopy(backbone.features), len(splits.classes)).to(run.device)
    steps = plan.leak_epochs * -(-len(parts[trained_on]) // plan.batch_size)
    groups = parameter_groups(model, plan.leak_lr, plan.leak_lr)
    model = train(run, plan, model, groups, parts[trained_on], steps, seed)
    tested = {"asked": parts["leaked"], "fresh": Subset(splits.test, others)}
    return {name: accuracy_on(run, model, part) for name, part in tested.items()}


def transfer(run: Run, plan: Plan | None = None) -> dict:
    """Features first, then everything that needs them, the longest trainings first."""
    plan = plan or Plan()
    spaces = (OWN, "random", "CIFAR-10's", "none, 0 to 1", "raw bytes")
    run.map(cache_features, plan, [(name,) for name in spaces])
    leaks = run.map(leak, plan, [("honest",), ("leaked",)])
    tasks = [
        (arm, n, s) for arm, by in plan.arms().items() for n, seeds in by.items() for s in seeds
    ]
    trained = run.map(train_arm, plan, sorted(tasks, key=lambda task: -STEPS[task[0]][task[1]]))
    probes = run.map(probe_space, plan, [(OWN,), ("random",)])
    own, of_random = probes[OWN,], probes["random",]
    scaled = tuple(name for name in spaces if name != "random")
    arms = {
        arm: {n: [trained[arm, n, s]["test_accuracy"] for s in seeds] for n, seeds in by.items()}
        for arm, by in plan.arms().items()
    }
    arms |= {"probe": own["test_accuracy"], "probe_fixed": own["fixed"]}
    arms |= {"random": of_random["test_accuracy"]}
    return {
        "arms": arms,
        "augmentation": CROP_FLIP_NAME,
        "backbone": load_backbone(plan.weights).description,
        "backbone_rate": plan.backbone_lr,
        "batch_size": plan.batch_size,
        "head_decay": plan.head_decay,
        "head_rate": plan.head_lr,
        "labels_per_class": list(plan.labels),
        "leak": {
            **{name: found for (name,), found in leaks.items()},
            "images": 10 * plan.leak_labels,
            "epochs": plan.leak_epochs,
            "learning_rate": plan.leak_lr,
        },
        "optimizer": "Adam, the rates falling to 0",
        "precision": "bfloat16",
        "probe_all": run.map(probe_all, plan, [(OWN,)])[OWN,],
        "scaling": run.map(scaling, plan, [scaled])[scaled],
        "scratch_rate": plan.scratch_lr,
        "seeds": len(plan.seeds),
        "steps": STEPS,
        "test_images": 10_000,
        "weight_decay": {"probe": own["weight_decay"], "random": of_random["weight_decay"]},
    }
