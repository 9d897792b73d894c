"""One training that lives on the device: batches, augmentation, schedule and all.

On a GPU its steps are captured once in CUDA graphs and replayed; first weights, order, rate, labels
and statistics are written into the same memory, so that one capture serves many trainings.
"""

import math
import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.gpu.data import Images

SEEDING = threading.Lock()  # the generator that draws first weights belongs to all threads


@dataclass(frozen=True)
class Recipe:
    """How a network is trained. "one_cycle": the rate rises for `rise` of the steps, then falls to
    0, each by half a cosine; "constant": it stays.
    """

    optimizer: str  # "adam" or "sgd"
    batch_size: int = 256
    schedule: str = "one_cycle"
    rise: float = 0.3
    weight_decay: float = 0.0
    padding: int = 4
    mirror: bool = True
    momentum: float = 0.9  # of "sgd"; Nesterov's unless 0
    precision: str = "bfloat16"
    channels_last: bool = True
    loss_fn: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy
    forget_zero_grad: bool = False
    drop_last: bool = True  # leave out what is left over after the last whole batch of an epoch


def learning_rates(schedule: str, lr: float, steps: int, rise: float = 0.3) -> Tensor:
    """The rate of each step, (steps,)."""
    if schedule == "constant":
        return torch.full((steps,), lr)
    done = (torch.arange(steps) + 1) / steps
    up = (1 - torch.cos(math.pi * done / rise)) / 2
    down = (1 + torch.cos(math.pi * (done - rise) / (1 - rise))) / 2
    return lr * torch.where(done < rise, up, down)


def make_optimizer(recipe: Recipe, model: nn.Module, lr: Tensor) -> torch.optim.Optimizer:
    """An optimizer that reads its rate from the tensor `lr` at each step."""
    options = {"lr": lr, "weight_decay": recipe.weight_decay, "fused": True}
    if recipe.optimizer == "adam":
        made = torch.optim.Adam(model.parameters(), **options, capturable=lr.is_cuda)
    else:
        momentum = {"momentum": recipe.momentum, "nesterov": recipe.momentum > 0}
        made = torch.optim.SGD(model.parameters(), **options, **momentum)
    return made


class Trainer:
    """A network, an optimizer and training images on one device."""

    def __init__(
        self,
        make: Callable[[], nn.Module],
        recipe: Recipe,
        images: Images,
        stats: tuple[Tensor, Tensor],
        *,
        max_epochs: int,
    ):
        self.make, self.recipe = make, recipe
        self.device = device = images.pixels.device
        pad = self.crop = recipe.padding  # windows move so far at most; a part may take it down
        self.mirror = recipe.mirror
        self.pixels = F.pad(images.pixels, (0, 0, pad, pad, pad, pad))
        self.labels = images.labels.clone()
        self.mean, self.std = torch.zeros(3, device=device), torch.ones(3, device=device)
        self.use_stats(stats)
        self.model = make().to(device)
        if recipe.channels_last:
            self.model.to(memory_format=torch.channels_last)
        number = len(images)
        full, rest = divmod(number, recipe.batch_size)
        self.shares = [recipe.batch_size] * full + [rest] * bool(rest and not recipe.drop_last)
        self.steps_an_epoch = len(self.shares)
        self.generator = torch.Generator(device)
        self.order = torch.arange(number, device=device)
        self.rows = torch.zeros(number, 32, dtype=torch.long, device=device)
        self.columns = torch.zeros_like(self.rows)
        self.position = torch.zeros(1, dtype=torch.long, device=device)  # in the epoch's order
        self.count = torch.zeros(1, dtype=torch.long, device=device)  # steps so far
        self.within = torch.arange(recipe.batch_size, device=device)
        self.lrs = torch.zeros(self.steps_an_epoch * max_epochs, device=device)
        self.lr = torch.zeros((), device=device)
        self.loss_sum, self.last_loss = self.lr.clone(), self.lr.clone()
        self.optimizer = make_optimizer(recipe, self.model, self.lr)
        self.stream: torch.cuda.Stream | None = None
        self.plan: list[tuple[Callable[[], None], int]] = []

    def use_stats(self, stats: tuple[Tensor, Tensor]) -> None:
        """Normalise by (mean, std), for pixels from 0 to 1, from now on."""
        self.mean.copy_(stats[0] * 255)
        self.std.copy_(stats[1] * 255)

    def use_images(self, images: Images) -> None:
        """Train on these images from now on, as many as the trainer was made with."""
        self.unpadded().copy_(images.pixels)
        self.labels.copy_(images.labels)

    def unpadded(self) -> Tensor:
        """The training images as they came, uint8 (N, 32, 32, 3)."""
        pad = self.recipe.padding
        return self.pixels[:, pad : pad + 32, pad : pad + 32]

    def autocast(self):
        if self.recipe.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16, cache_enabled=False)

    def normalised(self, pixels: Tensor, mean: Tensor, std: Tensor) -> Tensor:
        """uint8 (B, 32, 32, 3) -> float (B, 3, 32, 32)."""
        images = ((pixels - mean) / std).permute(0, 3, 1, 2)
        return images if self.recipe.channels_last else images.contiguous()

    def batch(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """The images at these places of the epoch's order, augmented, and their labels."""
        chosen = self.order[places]
        rows, columns = self.rows[places], self.columns[places]  # (B, 32) each
        pixels = self.pixels[chosen[:, None, None], rows[:, :, None], columns[:, None, :]]
        return self.normalised(pixels, self.mean, self.std), self.labels[chosen]

    def step(self, size: int) -> None:
        images, labels = self.batch(self.position + self.within[:size])
        if not self.recipe.forget_zero_grad:
            self.optimizer.zero_grad(set_to_none=True)
        with self.autocast():
            logits = self.model(images)
        loss = self.recipe.loss_fn(logits.float(), labels)
        loss.backward()
        self.lr.copy_(self.lrs.index_select(0, self.count).squeeze(0))
        self.optimizer.step()
        self.loss_sum.add_(loss.detach(), alpha=size)
        self.last_loss.copy_(loss.detach())
        self.position += size
        self.count += 1

    def warm_up(self, times: int = 3) -> None:
        """A few first steps with each size of batch, so that what is captured allocates nothing."""
        for size in dict.fromkeys(self.shares):
            for _ in range(times):
                self.position.zero_()
                self.count.zero_()  # a short schedule has fewer steps than the warm-up
                self.step(size)

    def capture(self, priority: int = 0, most: int = 12) -> None:
        """Prepare an epoch: on a GPU as a graph of up to `most` steps, and one of a last, smaller
        batch. The lower `priority` (0 to -3), the sooner its kernels are served.

        From the main thread only, with nothing else on the device.
        """
        shares = []
        for size in dict.fromkeys(self.shares):
            count = self.shares.count(size)
            steps = max(n for n in range(1, most + 1) if count % n == 0)
            shares.append((size, steps, count // steps))
        self.model.train()
        if self.device.type != "cuda":
            self.plan = [(lambda s=s: self.step(s), steps * times) for s, steps, times in shares]
            return
        self.stream = torch.cuda.Stream(priority=priority)
        with torch.cuda.stream(self.stream):
            self.warm_up()
        torch.cuda.synchronize()
        self.plan = []
        for s, steps, times in shares:
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, stream=self.stream):
                for _ in range(steps):
                    self.step(s)
            self.plan.append((graph.replay, times))

    def reset(
        self,
        seed: int,
        lr: float,
        epochs: int,
        prepare: Callable[[nn.Module], object] | None = None,
    ) -> None:
        """Begin anew: first weights and order from `seed`, the schedule for `epochs` up to `lr`."""
        with SEEDING:
            torch.default_generator.manual_seed(seed)
            fresh = self.make()
        if prepare is not None:
            prepare(fresh)
        self.model.load_state_dict(fresh.state_dict())
        for state in self.optimizer.state.values():
            for value in state.values():
                if isinstance(value, Tensor):
                    value.zero_()
        if self.recipe.forget_zero_grad:
            for parameter in self.model.parameters():
                if parameter.grad is not None:
                    parameter.grad.zero_()
        self.generator.manual_seed(seed)
        self.count.zero_()
        lrs = learning_rates(
            self.recipe.schedule, lr, epochs * self.steps_an_epoch, self.recipe.rise
        )
        self.lrs[: len(lrs)].copy_(lrs)

    def shuffle(self) -> None:
        """Draw the epoch's order, and each image's window and mirroring."""
        number, pad = len(self.order), self.recipe.padding
        options = {"generator": self.generator, "device": self.device}
        self.order.copy_(torch.randperm(number, **options))
        window = torch.arange(32, device=self.device)
        span = pad - self.crop, pad + self.crop + 1
        down, right = torch.randint(*span, (2, number, 1), **options)
        self.rows.copy_(down + window)
        if self.mirror:
            mirrored = torch.rand(number, 1, **options) < 0.5
            window = torch.where(mirrored, 31 - window, window)
        self.columns.copy_(right + window)

    def run_epoch(self) -> tuple[float, float]:
        """One pass over the training images: (mean loss of an example, loss of the last batch)."""
        self.shuffle()
        self.position.zero_()
        self.loss_sum.zero_()
        self.model.train()
        for run, times in self.plan:
            for _ in range(times):
                run()
        return self.loss_sum.item() / sum(self.shares), self.last_loss.item()

    @torch.no_grad()
    def logits(
        self,
        pixels: Tensor,
        stats: tuple[Tensor, Tensor] | None = None,
        *,
        training: bool = False,
        batch_size: int = 2500,
    ) -> Tensor:
        """uint8 (N, 32, 32, 3) -> (N, classes). `training`: each batch is normalised by its own
        statistics, as if eval() had been forgotten; the running ones stay as they were.
        """
        mean, std = self.mean, self.std
        if stats is not None:
            mean, std = (255 * value.to(self.device) for value in stats)
        kept = [buffer.clone() for buffer in self.model.buffers()] if training else []
        self.model.train(training)
        with self.autocast():
            parts = [
                self.model(self.normalised(part, mean, std)).float()
                for part in pixels.split(batch_size)
            ]
        for buffer, value in zip(self.model.buffers(), kept, strict=False):
            buffer.copy_(value)
        return torch.cat(parts)

    def accuracy(self, images: Images, stats=None, **options) -> float:
        predicted = self.logits(images.pixels, stats, **options).argmax(dim=1)
        return (predicted == images.labels).double().mean().item()


def augmented(pixels: Tensor, padding: int, seed: int) -> Tensor:
    """uint8 (N, 32, 32, 3), each cropped and mirrored at random, as in training."""
    device, number = pixels.device, len(pixels)
    options = {"generator": torch.Generator(device).manual_seed(seed), "device": device}
    window = torch.arange(32, device=device)
    down, right = torch.randint(0, 2 * padding + 1, (2, number, 1), **options)
    mirrored = torch.rand(number, 1, **options) < 0.5
    rows, columns = down + window, right + torch.where(mirrored, 31 - window, window)
    padded = F.pad(pixels, (0, 0, padding, padding, padding, padding))
    everyone = torch.arange(number, device=device)
    return padded[everyone[:, None, None], rows[:, :, None], columns[:, None, :]]
