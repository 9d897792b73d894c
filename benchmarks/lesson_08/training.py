"""One training of lesson 08's benchmark: any step between the source's loop and the fast recipe."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import torch
from torch import Tensor

from benchmarks.data import SOURCE_AUGMENT, splits_of
from benchmarks.harness import Run
from benchmarks.lesson_08.ladder import Settings
from benchmarks.lesson_08.networks import NETWORKS, reset_convolutions, set_filters
from benchmarks.training import MixedPrecision
from course_utils.checkpoints import load_file, save_file
from course_utils.data import Splits, make_loaders
from course_utils.lessons.lesson_08.fast import Training
from course_utils.lessons.lesson_08.mirrored import Mirrored
from course_utils.lessons.lesson_08.network import whitening_filters
from course_utils.runtime import seed_everything
from course_utils.training import evaluate, train_one_epoch


class LadderTraining(Training):
    """The training of a step of the ladder."""

    def __init__(self, splits: Splits, settings: Settings, seed: int, device: str = "cpu"):
        seed_everything(seed)
        self.settings, recipe = settings, settings.recipe
        self.loader = make_loaders(splits, recipe.batch_size, seed=seed).train
        memory_format = torch.channels_last if settings.fused else torch.contiguous_format
        dtype = torch.bfloat16 if recipe.bfloat16 else torch.float32
        model = None
        if settings.network in NETWORKS:
            model = NETWORKS[settings.network](len(splits.classes), recipe.widths)
            model = MixedPrecision(model, dtype, memory_format)
        super().__init__(splits, recipe, seed, torch.device(device), model)
        self.model.to(memory_format=memory_format)
        if settings.network == "whitened":
            filters = whitening_filters(self.normalize(self.images[:5000]))
            set_filters(self.model.model.whiten, filters)
            self.optimizers = self.make_optimizers()
        if settings.network == "fast, random start":
            reset_convolutions(self.model.groups)
        if not settings.one_cycle:
            self.schedule = lambda step, total_steps: 1.0

    def make_optimizers(self) -> list[torch.optim.Optimizer]:
        if not self.settings.adam:
            return super().make_optimizers()
        how = {"lr": self.settings.adam, "fused": self.settings.fused}
        return [torch.optim.Adam(self.model.parameters(), **how)]

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        if not self.settings.loader:
            yield from super().batches()
            return
        # an epoch's draws do not need those of the last: a training goes on exactly
        torch.manual_seed(1000 * self.seed + self.epoch)
        self.loader.generator.manual_seed(1000 * self.seed + self.epoch)
        self.steps_per_epoch = len(self.loader)  # the last, smaller batch too
        yield from self.loader

    def run_epoch(self) -> float:
        """As `Training`; for the source's training the plain loop of lesson 00, and nothing that it
        lacks.
        """
        if not self.settings.is_source:
            return super().run_epoch()
        loss = train_one_epoch(self.model, self.batches(), self.optimizers[0], self.device).loss
        if self.average is not None:
            self.average.update_parameters(self.model)
        self.epoch += 1
        return loss

    def save(self, path: Path, found: dict) -> None:
        """Write all that the training is made of, and what it has found so far."""
        optimizers = {str(i): one.state_dict() for i, one in enumerate(self.optimizers)}
        average = {} if self.average is None else self.average.state_dict()
        models = {"model": self.model.state_dict(), "average": average}
        save_file({**models, "optimizers": optimizers, "epoch": self.epoch, "found": found}, path)

    def load(self, path: Path) -> dict:
        """Put a saved training back; what it had found."""
        saved = load_file(path)
        self.model.load_state_dict(saved["model"])
        if self.average is not None:
            self.average.load_state_dict(saved["average"])
        for i, optimizer in enumerate(self.optimizers):
            optimizer.load_state_dict(saved["optimizers"][str(i)])
        self.epoch = saved["epoch"]
        return saved["found"]


@dataclass(frozen=True)
class Images:
    """What a training is given: so many training images (0: all), the same for all seeds.

    `whole`: all, for a recipe in which nothing is left to choose, as the source does (`load_splits`
    wants some for validation); then the test images are read mirrored too.
    """

    number: int = 0
    whole: bool = False
    held_out: float = 0.001

    def splits(self, dataset: str) -> Splits:
        more = {"val_fraction": self.held_out} if self.whole else {"train_size": self.number}
        return splits_of(dataset, augment=SOURCE_AUGMENT, **more)


def train(run: Run, images: Images, label: str, seed: int, settings: Settings) -> dict:
    """One training, which goes on after its last whole epoch.

    "setup" and "epochs" are seconds, and stay in the runs folder. Validation and test images are
    read at the end.
    """
    splits, start = images.splits(run.dataset), perf_counter()
    training = LadderTraining(splits, settings, seed, run.device)
    found = {"setup": perf_counter() - start, "epochs": [], "loss": []}
    if run.checkpoint.exists():
        found = training.load(run.checkpoint)
    while training.epoch < settings.recipe.epochs:
        start = perf_counter()
        found["loss"].append(training.run_epoch())
        found["epochs"].append(perf_counter() - start)
        training.save(run.checkpoint, found)
        print(f"{label}, seed {seed}, epoch {training.epoch}: {found['loss'][-1]:.4f}", flush=True)
    loaders, device = make_loaders(splits, 500), torch.device(run.device)
    model = training.eval_model
    found["val_accuracy"] = evaluate(model, loaders.val, device).accuracy
    found["test_accuracy"] = evaluate(model, loaders.test, device).accuracy
    if images.whole:
        mirrored = evaluate(Mirrored(model), loaders.test, device).accuracy
        found["test_accuracy_mirrored"] = mirrored
    return found
