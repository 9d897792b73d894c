"""The source's ResNet by the source's own recipe, and what its mistakes in evaluating do to the
number.

Batches of 32, Adam at 1e-4, RandomCrop(32, padding=1), flip, normalisation, in bfloat16; the source
trains for 30 epochs on all 50,000 images. After each epoch the same network is evaluated in four
ways on the test images: properly; in training mode, as if `model.eval()` were never called; on
augmented images, some draws; and both at once, as the source does it. This is an experiment *about
evaluation*: it reads the test images after every epoch, and nothing is chosen by them.
"""

from copy import deepcopy
from dataclasses import asdict, dataclass, replace

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from benchmarks.data import SOURCE_AUGMENT, rescaled
from benchmarks.harness import Run
from benchmarks.lesson_05.forgotten import accuracy_in_training_mode
from benchmarks.training import MixedPrecision
from course_utils.checkpoints import load_checkpoint, save_checkpoint
from course_utils.data import Splits, load_splits, make_loaders
from course_utils.models import SourceResNet, count_parameters
from course_utils.runtime import seed_everything
from course_utils.training import History, evaluate, train_one_epoch


@dataclass(frozen=True)
class Plan:
    epochs: int = 5  # of the source's 30
    seed: int = 0
    batch_size: int = 32
    lr: float = 1e-4
    draws: int = 2
    widths: tuple[int, int, int] = (64, 128, 256)
    hidden: tuple[int, int] = (2048, 512)


def four_ways(model: nn.Module, splits: Splits, plan: Plan) -> dict[str, float | list[float]]:
    """Test accuracy of one network: "proper", "training_mode", and some draws of "augmented" and
    "source" (both).
    """
    device, size = next(model.parameters()).device, plan.batch_size
    plain = splits.test
    augmented = rescaled(splits.test, splits.mean, splits.std, SOURCE_AUGMENT)

    def in_training_mode(part: object) -> float:
        return accuracy_in_training_mode(deepcopy(model), part, size)

    def proper(part: object) -> float:
        return evaluate(model, DataLoader(part, size), device).accuracy

    return {
        "proper": proper(plain),
        "training_mode": in_training_mode(plain),
        "augmented": [proper(augmented) for _ in range(plan.draws)],
        "source": [in_training_mode(augmented) for _ in range(plan.draws)],
    }


class LastLoss:
    """Cross-entropy that remembers: the loss of an epoch's last batch is what the source prints."""

    value = 0.0

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        loss = nn.functional.cross_entropy(logits, labels)
        self.value = loss.item()
        return loss


def train(run: Run, plan: Plan, splits: Splits, model: nn.Module) -> tuple[History, dict]:
    """The history, and test accuracies and last losses by epoch. It goes on after the last whole
    epoch, also if more epochs are asked for than before.
    """
    loaders = make_loaders(splits, plan.batch_size, seed=plan.seed)
    device = torch.device(run.device)
    optimizer, loss_fn = torch.optim.Adam(model.parameters(), lr=plan.lr), LastLoss()
    parts = {"model": model, "optimizer": optimizer, "scheduler": None}
    parts["generator"] = loaders.train.generator
    history, found = History(), {"last_batch_loss": [], "test_accuracy": {}}
    checkpoint = run.file(replace(plan, epochs=0), "training").with_suffix(".pt")
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    if checkpoint.exists():
        saved = load_checkpoint(checkpoint, **parts)["history"]
        history, found = History(**saved["history"]), saved["found"]
    for epoch in range(len(history.val_loss) + 1, plan.epochs + 1):
        metrics = train_one_epoch(model, loaders.train, optimizer, device, loss_fn=loss_fn)
        history.append(metrics, evaluate(model, loaders.val, device))
        found["last_batch_loss"].append(loss_fn.value)
        with torch.random.fork_rng():  # the training goes on as if nobody had looked
            for way, accuracy in four_ways(model, splits, plan).items():
                found["test_accuracy"].setdefault(way, []).append(accuracy)
        saved = {"history": asdict(history), "found": found}
        save_checkpoint(checkpoint, history=saved, best_weights=None, **parts)
        proper = found["test_accuracy"]["proper"][-1]
        print(f"epoch {epoch}: test accuracy {proper:.4f}", flush=True)
    return history, found


def recipe(run: Run, plan: Plan | None = None) -> dict:
    plan = plan or Plan()
    splits = load_splits(run.dataset, augment=SOURCE_AUGMENT, seed=plan.seed)
    seed_everything(plan.seed)
    network = SourceResNet(len(splits.classes), widths=plan.widths, hidden=plan.hidden)
    model = MixedPrecision(network).to(run.device)
    history, found = train(run, plan, splits, model)
    return {
        **asdict(history),
        **found,
        "batch_size": plan.batch_size,
        "draws": plan.draws,
        "epochs": len(history.val_loss),
        "learning_rate": plan.lr,
        "optimizer": "Adam",
        "parameters": count_parameters(model),
        "precision": "bfloat16",
        "seed": plan.seed,
        "test_images": len(splits.test),
        "train_images": len(splits.train),
    }
