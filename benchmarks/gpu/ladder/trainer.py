"""One training on the device, its steps captured in CUDA graphs where there is a GPU."""

import math
import time
from collections.abc import Callable
from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.gpu.data import Data, Images
from benchmarks.gpu.ladder.arms import (
    Arm,
    Kind,
    first_layer,
    make_network,
    muon_filters,
    set_learning,
    total_steps,
)
from course_utils.lessons.lesson_08.augmentation import choose_mirrored
from course_utils.lessons.lesson_08.fast import one_cycle, shrink
from course_utils.lessons.lesson_08.muon import Muon, orthogonalize
from course_utils.lessons.lesson_08.network import whitening_filters
from course_utils.runtime import seed_everything

WARM_UP = 2  # steps of each kind before they are captured


class OutOfTime(Exception):
    """The deadline came before the end of a training."""


class TensorMuon(Muon):
    """Muon whose rate is a tensor: a captured step has to read it anew."""

    def _update(self, weight: nn.Parameter, lr: Tensor, momentum: float) -> None:
        state = self.state[weight]
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        average = state["momentum"]
        average.mul_(momentum).add_(weight.grad)
        update = weight.grad.add(average, alpha=momentum)
        update = orthogonalize(update.flatten(start_dim=1))
        weight.mul_(len(weight) ** 0.5 / weight.norm())
        weight.sub_(lr * update.view_as(weight))


def make_optimizers(model: nn.Module, arm: Arm) -> list[torch.optim.Optimizer]:
    """As `course_utils`' fast recipe, or Adam; learned scales go by the weights' rate.

    Each group has its peak rate in "peak" and the present one, a tensor, in "lr".
    """
    recipe, device = arm.recipe, next(model.parameters()).device
    learned = [p for p in model.parameters() if p.requires_grad]
    if arm.adam:
        rate = torch.tensor(arm.adam, device=device)
        on_gpu = device.type == "cuda"
        made = [torch.optim.Adam(learned, lr=rate, fused=True, capturable=on_gpu)]
    else:
        filters = muon_filters(model) if recipe.muon_rate else []
        norms = [m.weight for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
        apart = {id(p) for p in (*filters, *norms)}
        weights = [p for p in learned if p.ndim > 1 and id(p) not in apart]
        biases = [p for p in learned if p.ndim == 1 and id(p) not in apart]
        scales = [p for p in norms if p.requires_grad]
        rate = recipe.learning_rate
        groups = [
            {"params": weights, "lr": rate, "weight_decay": recipe.weight_decay},
            {"params": biases, "lr": rate * recipe.bias_rate},
            {"params": scales, "lr": rate},
        ]
        groups = [group for group in groups if group["params"]]
        made = [torch.optim.SGD(groups, lr=rate, momentum=0.85, nesterov=True, fused=True)]
        if filters:
            made.append(TensorMuon(filters, lr=recipe.muon_rate))
    for group in (group for optimizer in made for group in optimizer.param_groups):
        group["peak"] = float(group["lr"])
        group["lr"] = torch.tensor(group["peak"], device=device)
    return made


class GraphTraining:
    """A training by an arm's settings, as `course_utils`' `Training` in all but its draws."""

    def __init__(self, images: Images, stats: tuple[Tensor, Tensor], arm: Arm, seed: int):
        seed_everything(seed)
        self.images, self.arm, self.seed = images, arm, seed
        self.device = device = images.pixels.device
        self.mean, self.std = (255 * value.to(device) for value in stats)
        self.steps = total_steps(arm, len(images))
        self.steps_per_epoch = len(images) // arm.recipe.batch_size
        self.model = self.make_model()
        self.optimizers = make_optimizers(self.model, arm)
        self.average = deepcopy(self.model) if arm.recipe.average else None

        number, side = len(images), images.pixels.shape[1]
        self.order = torch.arange(number, device=device)
        self.rows = torch.zeros(number, side, dtype=torch.long, device=device)
        self.columns = torch.zeros_like(self.rows)
        self.blotted = torch.zeros(2, number, side, dtype=torch.bool, device=device)
        self.within = torch.arange(arm.recipe.batch_size, device=device)
        self.position = torch.zeros(1, dtype=torch.long, device=device)
        self.count = torch.zeros(1, dtype=torch.long, device=device)
        shares = [
            one_cycle(step, self.steps) if arm.one_cycle else 1.0 for step in range(self.steps)
        ]
        self.shares = torch.tensor(shares, device=device)
        self.loss_sum = torch.zeros((), device=device)
        self.run: dict[Kind, Callable[[], None]] = {}
        self.captured = False

    def make_model(self) -> nn.Module:
        model = make_network(self.arm)
        first = first_layer(model)
        if first is not None and not self.arm.learned_first:
            pixels = self.images.pixels[:5000].cpu()
            images = ((pixels - self.mean.cpu()) / self.std.cpu()).permute(0, 3, 1, 2)
            with torch.no_grad():
                first.weight.copy_(whitening_filters(images))
        set_learning(model, self.arm, True)
        return model.to(self.device, memory_format=torch.channels_last)

    def generator(self, number: int) -> torch.Generator:
        return torch.Generator(self.device).manual_seed(1000 * self.seed + number)

    def shuffle(self, epoch: int) -> None:
        """Draw the epoch's order, and each image's shift, mirroring and blot."""
        arm, number, side = self.arm, len(self.images), self.rows.shape[1]
        now, last = self.generator(1 + epoch), side - 1
        options = {"generator": now, "device": self.device}
        self.order.copy_(torch.randperm(number, **options))
        mirrored = choose_mirrored(number, arm.recipe.flip, epoch, self.generator(0), now)
        shift = arm.recipe.shift
        moves = torch.randint(-shift, shift + 1, (2, number, 1), **options)
        places = torch.arange(side, device=self.device)
        rows, columns = last - (last - (places + moves).abs()).abs()  # edges reflected
        self.rows.copy_(rows)
        self.columns.copy_(torch.where(mirrored[self.order, None], columns.flip(1), columns))
        if arm.cutout:
            corner = torch.randint(0, side - arm.cutout + 1, (2, number, 1), **options)
            self.blotted.copy_((places >= corner) & (places < corner + arm.cutout))

    def batch(self, small: bool) -> tuple[Tensor, Tensor]:
        places = self.position + self.within
        chosen, rows, columns = self.order[places], self.rows[places], self.columns[places]
        pixels = self.images.pixels[chosen[:, None, None], rows[:, :, None], columns[:, None, :]]
        images = self.normalize(pixels)
        if self.arm.cutout:
            down, right = self.blotted[:, places]
            images = images * ~(down[:, None, :, None] & right[:, None, None, :])
        if small:
            images = shrink(images, self.arm.recipe.small_size)
        return images, self.images.labels[chosen]

    def normalize(self, pixels: Tensor) -> Tensor:
        """uint8 (N, H, W, 3) -> float (N, 3, H, W)."""
        return ((pixels - self.mean) / self.std).permute(0, 3, 1, 2)

    def step(self, small: bool) -> None:
        images, labels = self.batch(small)
        smoothing = self.arm.recipe.label_smoothing
        loss = F.cross_entropy(self.model(images), labels, label_smoothing=smoothing)
        self.model.zero_grad(set_to_none=True)
        loss.backward()
        share = self.shares.index_select(0, self.count).squeeze(0)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"].copy_(share * group["peak"])
            optimizer.step()
        if self.average is not None:
            self.update_average()
        self.loss_sum += loss.detach()
        self.position += len(self.within)
        self.count += 1

    @torch.no_grad()
    def update_average(self) -> None:
        keep = self.arm.recipe.average
        now, average = self.model.state_dict().values(), self.average.state_dict().values()
        pairs = [(a, b) for a, b in zip(average, now, strict=True) if a.is_floating_point()]
        torch._foreach_lerp_([a for a, _ in pairs], [b for _, b in pairs], 1 - keep)

    def capture(self, *, graphs: bool) -> None:
        """Prepare steps of each kind of epoch, then begin anew from the same first weights."""
        kinds = dict.fromkeys(self.arm.kind(e) for e in range(math.ceil(self.arm.recipe.epochs)))
        fresh = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.model.train()
        self.shuffle(0)
        for small, learns in kinds:
            self.run[small, learns] = lambda small=small: self.step(small)
        if graphs:
            stream, pool = torch.cuda.Stream(), None
            stream.wait_stream(torch.cuda.current_stream())
            for small, learns in kinds:
                set_learning(self.model, self.arm, learns)
                with torch.cuda.stream(stream):
                    for _ in range(WARM_UP):
                        self.position.zero_()
                        self.count.zero_()
                        self.step(small)
                torch.cuda.synchronize()
                graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(graph, pool=pool, stream=stream):
                    self.step(small)
                pool = graph.pool()
                self.run[small, learns] = graph.replay
            self.captured = True
        self.model.load_state_dict(fresh)
        if self.average is not None:
            self.average.load_state_dict(fresh)
        for state in (s for optimizer in self.optimizers for s in optimizer.state.values()):
            for value in (v for v in state.values() if isinstance(v, Tensor)):
                value.zero_()
        self.count.zero_()

    def run_epoch(self, epoch: int) -> float:
        """The epoch's mean loss; the last epoch may end early."""
        self.shuffle(epoch)
        self.position.zero_()
        self.loss_sum.zero_()
        self.model.train()
        kind = self.arm.kind(epoch)
        set_learning(self.model, self.arm, kind[1])
        steps = min(self.steps_per_epoch, self.steps - epoch * self.steps_per_epoch)
        for _ in range(steps):
            self.run[kind]()
        return self.loss_sum.item() / steps  # the device is waited for here, and not before

    @torch.no_grad()
    def accuracy(self, images: Images, *, mirrored: bool = False) -> float:
        """Without test-time augmentation, or with the logits of the mirror images added."""
        model, right = (self.average or self.model).eval(), 0
        for pixels, labels in zip(
            images.pixels.split(1000), images.labels.split(1000), strict=True
        ):
            batch = self.normalize(pixels)
            logits = model(batch)
            if mirrored:
                logits = logits + model(batch.flip(-1))
            right += (logits.argmax(dim=1) == labels).sum().item()
        return right / len(images)


def train(data: Data, arm: Arm, seed: int, images: str, deadline: float) -> dict:
    """Train on the "whole" and test, or on "train" and validate.

    Raises:
        OutOfTime: if `deadline`, by time.time(), comes first.
    """
    began = time.time()
    chosen = data.whole if images == "whole" else data.train
    why = ""
    try:
        training = GraphTraining(chosen, data.stats, arm, seed)
        training.capture(graphs=training.device.type == "cuda")
    except RuntimeError as error:  # a capture that failed; the steps themselves may work
        why = f"{type(error).__name__}: {error}"[:500]
        torch.cuda.empty_cache()
        training = GraphTraining(chosen, data.stats, arm, seed)
        training.capture(graphs=False)
    prepared, losses = time.time() - began, []
    for epoch in range(math.ceil(training.steps / training.steps_per_epoch)):
        if time.time() > deadline:
            raise OutOfTime(f"{epoch} epochs were over")
        losses.append(training.run_epoch(epoch))
        if not math.isfinite(losses[-1]):
            break
    found = {
        "loss": losses,
        "steps": training.steps,
        "graph": training.captured,
        "prepared": prepared,
    }
    if why:
        found["not_captured"] = why
    if images == "whole":
        found["test_accuracy"] = training.accuracy(data.test)
        found["test_accuracy_mirrored"] = training.accuracy(data.test, mirrored=True)
    else:
        found["val_accuracy"] = training.accuracy(data.val)
    return found | {"seconds": time.time() - began}
