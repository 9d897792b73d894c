"""Attention, built in lesson 09: a small network that reads an image as a sequence of patches."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def read_patches(images: Tensor, height: int = 4, width: int = 8) -> Tensor:
    """Images as sequences of patches, from left to right, then from top to bottom: (N, C, H, W) ->
    (N, patches, C * height * width).

    Raises:
        ValueError: if the patches do not fill the images exactly.
    """
    n, c, rows, columns = images.shape
    if rows % height or columns % width:
        raise ValueError(
            f"images of {rows} x {columns} pixels: patches of {height} x {width} do not fill them"
        )
    # (N, C, down, height, across, width)
    cut = images.reshape(n, c, rows // height, height, columns // width, width)
    return cut.permute(0, 2, 4, 1, 3, 5).reshape(n, -1, c * height * width)


class AttentionBlock(nn.Module):
    """Attention among all steps, then a small network for each step alone; both are added to what
    comes in: (N, steps, width) -> the same shape.

    `heads` attentions run side by side, each on its share of the numbers, so `width` must be a
    multiple of it. `hidden` is the width of the small network. (Vaswani et al. 2017; with the
    normalisation in front, as in Dosovitskiy et al. 2021.)
    """

    def __init__(self, width: int = 64, heads: int = 4, hidden: int = 264):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def attend(self, steps: Tensor) -> Tensor:
        """What each step takes from all steps: (N, steps, width) -> the same shape."""
        parts = self.qkv(steps).unflatten(-1, (3, self.heads, -1))  # (N, steps, 3, heads, d)
        q, k, v = parts.permute(2, 0, 3, 1, 4)  # (N, heads, steps, d) each
        taken = F.scaled_dot_product_attention(q, k, v)  # (N, heads, steps, d)
        return self.out(taken.transpose(1, 2).flatten(start_dim=2))

    def forward(self, steps: Tensor) -> Tensor:
        steps = steps + self.attend(self.norm1(steps))  # (N, steps, width)
        return steps + self.mlp(self.norm2(steps))  # (N, steps, width)


class PatchAttention(nn.Module):
    """Classifies an image by attention among its patches: (N, 3, H, W) -> (N, num_classes).

    Every patch becomes `width` numbers, to which a learned vector for its place is added: attention
    alone does not know the order of its steps. Then come the blocks, the mean over all steps and
    one linear layer. `size` is the height and width of the images, `patch` that of a patch.
    """

    def __init__(
        self,
        num_classes: int = 10,
        *,
        blocks: int = 2,
        width: int = 64,
        heads: int = 4,
        hidden: int = 264,
        size: int = 32,
        patch: tuple[int, int] = (4, 8),
    ):
        super().__init__()
        self.patch = patch
        steps = (size // patch[0]) * (size // patch[1])
        self.embed = nn.Linear(3 * patch[0] * patch[1], width)
        self.places = nn.Parameter(0.02 * torch.randn(steps, width))
        self.blocks = nn.Sequential(*(AttentionBlock(width, heads, hidden) for _ in range(blocks)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        steps = self.embed(read_patches(images, *self.patch))  # (N, steps, width)
        steps = self.blocks(steps + self.places)  # (N, steps, width)
        return self.head(self.norm(steps.mean(dim=1)))  # (N, num_classes)


def attention_multiply_adds(model: PatchAttention) -> int:
    """Multiplications with addition in the forward pass of one image, in matrix products, by
    formula.

    Every matrix is used once a step; beside them each pair of steps costs two products as long as
    a step: one for how well they fit, one for what is taken.
    """
    steps, width = model.places.shape
    inside = [layer for part in (model.embed, model.blocks) for layer in part.modules()]
    weights = sum(layer.weight.numel() for layer in inside if isinstance(layer, nn.Linear))
    pairs = len(model.blocks) * 2 * steps * steps * width
    return steps * weights + pairs + model.head.weight.numel()
