"""Networks of equal cost that read an image row by row (lesson 09): recurrent cells, a small
attention network and a CNN.

Adam in one cycle, gradients clipped, batches of 125, 45,000 images, no augmentation, float32. Each
at its own best rate, searched on validation images, once for rows and once for pixels permuted by
one permutation. "clipping": an epoch with SGD's momentum and with Adam, clipped and not, over rates.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from benchmarks.gpu.data import Images
from benchmarks.gpu.lanes import Context, Lane, fit, team, try_rates
from benchmarks.gpu.trainer import Recipe, Trainer
from benchmarks.lesson_09.rows import NETWORKS as CELLS
from course_utils.lessons.lesson_09.rnn import read_rows, reorder

BLANKS, CLIP = (0, 8, 16, 24, 28), 1.0
LRS = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
CLIPPING_LRS = (1e-4, 1e-3, 1e-2, 1e-1)
PERMUTED = ("LSTM", "attention", "CNN", "GRU")
CLIPPED = ("ReLU, identity", "LSTM", "tanh")


class RowAttention(nn.Module):
    """Rows as vectors with a learned place, blocks of self-attention (Vaswani et al. 2017; norms
    first), the mean over rows, one linear layer: (N, 3, 32, 32) -> (N, 10).
    """

    def __init__(self, width: int = 64, hidden: int = 264, heads: int = 4, blocks: int = 2):
        super().__init__()
        self.embed = nn.Linear(96, width)
        self.places = nn.Parameter(0.02 * torch.randn(32, width))
        self.blocks = nn.Sequential(
            *(
                nn.TransformerEncoderLayer(
                    width, heads, hidden, dropout=0, batch_first=True, norm_first=True
                )
                for _ in range(blocks)
            )
        )
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 10)

    def forward(self, images: Tensor) -> Tensor:
        rows = self.embed(read_rows(images)) + self.places  # (N, 32, width)
        return self.head(self.norm(self.blocks(rows)).mean(dim=1))

    def multiply_adds(self) -> int:
        """In matrix products, of one image: each row through all matrices, and all pairs of rows
        twice.
        """
        matrices = [p.numel() for p in self.blocks.parameters() if p.dim() == 2]
        width = self.embed.out_features
        a_row = self.embed.weight.numel() + sum(matrices)
        return 32 * a_row + len(self.blocks) * 2 * 32**2 * width + self.head.weight.numel()


NETWORKS: dict[str, Callable[[], nn.Module]] = CELLS | {"attention": RowAttention}


def read_as(images: Images, order: str) -> Images:
    """The same images with their pixels in another order."""
    pixels = reorder(images.pixels.permute(0, 3, 1, 2), order).permute(0, 2, 3, 1)
    return Images(pixels.contiguous(), images.labels)


@torch.no_grad()
def blanked(trainer: Trainer, images: Images, rows: int) -> float:
    """Accuracy where the first rows are the mean colour."""
    trainer.model.eval()
    right = torch.zeros((), device=images.labels.device)
    for pixels, labels in zip(images.pixels.split(2500), images.labels.split(2500), strict=True):
        read = trainer.normalised(pixels, trainer.mean, trainer.std).clone()
        read[:, :, :rows] = 0
        right += (trainer.model(read).argmax(dim=1) == labels).sum()
    return right.item() / len(images)


def arm_of(name: str, order: str) -> str:
    return f"{name}, {'rows' if order == 'columns' else order}"


def one(trainer: Trainer, context: Context, name: str, read: dict, order: str, seed: int) -> None:
    lr, epochs = context.rate_of(arm_of(name, order)), context.sizes.cells
    train, val, test = read[order]
    trainer.use_images(train)

    def watch(epoch: int) -> dict[str, float]:
        return {"val_accuracy_by_epoch": trainer.accuracy(val)}

    found = fit(context, trainer, seed=seed, lr=lr, epochs=epochs, watch=watch)
    found["train_accuracy"] = trainer.accuracy(train[:10_000])
    found["blanked_accuracy"] = [blanked(trainer, val, rows) for rows in BLANKS]
    found["test_accuracy"] = trainer.accuracy(test)
    context.write(part="cells", arm=name, order=order, **found)


def searches(context: Context, name: str, order: str, read: dict) -> list:
    """The rates of one network, on images in one order; the validation images are in it too."""
    train, val, _ = read[order]
    return try_rates(
        context, arm_of(name, order), LRS, context.sizes.cell_search,
        prepare=lambda trainer: trainer.use_images(train), val=val,
    )  # fmt: skip


def clipping(
    trainer: Trainer, context: Context, name: str, optimizer: str, way: str, lr: float, seed: int
) -> None:
    """One epoch; the loss is the mean of the whole of it."""
    found = fit(context, trainer, seed=seed, lr=lr, epochs=1, may_diverge=True)
    found["val_accuracy"] = trainer.accuracy(context.data.val)
    context.write(part="clipping", arm=name, optimizer=optimizer, way=way, **found)


def recipe(context: Context, optimizer: str = "adam", **changes) -> Recipe:
    options = {
        "padding": 0, "mirror": False, "precision": "float32", "channels_last": False, "clip": CLIP
    }  # fmt: skip
    return Recipe(optimizer, min(125, len(context.data.train) // 4), **options | changes)


def lanes(context: Context) -> list[Lane]:
    """Rows, then permuted pixels, of each network; then clipping."""
    sizes, data, made = context.sizes, context.data, []
    read = {
        order: [read_as(part, order) for part in (data.train, data.val, data.test)]
        for order in ("rows", "permuted", "columns")
    }
    for name, model in NETWORKS.items():
        orders = ["rows", "permuted"] if name in PERMUTED else ["rows"]
        jobs = [job for order in orders for job in searches(context, name, order, read)]
        jobs += [
            partial(one, context=context, name=name, read=read, order=order, seed=seed)
            for order in orders + ["columns"] * (name == "LSTM")
            for seed in sizes.seeds
        ]
        options = {"max_epochs": max(sizes.cells, sizes.cell_search)}
        make = partial(Trainer, model, recipe(context), data.train, data.stats, **options)
        made += team(name, make, 5 if name in PERMUTED else 3, jobs)
    return made + clipping_lanes(context)


def clipping_lanes(context: Context) -> list[Lane]:
    sizes, data, made = context.sizes, context.data, []
    for name in CLIPPED:
        for optimizer in ("sgd", "adam"):
            for way, clip in (("clipped", CLIP), ("not clipped", 0.0)):
                jobs = [
                    partial(
                        clipping, context=context, name=name, optimizer=optimizer, way=way, lr=lr,
                        seed=seed,
                    )
                    for seed in sizes.seeds
                    for lr in CLIPPING_LRS[: sizes.rates]
                ]  # fmt: skip
                how = recipe(context, optimizer, clip=clip, schedule="constant")
                make = partial(Trainer, NETWORKS[name], how, data.train, data.stats, max_epochs=1)
                made += team(f"{name}, {optimizer}, {way}", make, 1, jobs)
    return made
