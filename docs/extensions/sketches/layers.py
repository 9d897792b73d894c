"""What layers and transforms do to numbers and pictures; torch computes what is shown."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.data.shapes import CLASSES, draw
from course_utils.lessons.lesson_05.plots import cells_that_matter
from extensions.sketches.kit import CELL, Sketch

NUMBERS = torch.tensor([[1, 3, 2, 0], [5, 7, 0, 2], [4, 0, 6, 6], [2, 2, 8, 4]]).float()
EDGES = torch.tensor([[0, 0, 1, 1], [0, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 0]]).float()
UPRIGHT = torch.tensor([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]).float()
QUARTERS = torch.tensor([[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 0, 0], [3, 3, 0, 0]])
GAP = 24  # between the parts of a picture


def convolution() -> Sketch:
    result = F.conv2d(EDGES[None, None], UPRIGHT[None, None])[0, 0]
    sketch = Sketch(
        f"A 3x3 kernel lies on the top left corner of a 4x4 image; the sum of the products, "
        f"{result[0, 0]:g}, is the first number of a 2x2 feature map."
    )
    window = torch.zeros(4, 4)
    window[:3, :3] = 1
    sketch.grid(0, 0, EDGES, window)
    sketch.text(4 * CELL + GAP / 2, 2 * CELL, "*")
    left = 4 * CELL + GAP
    sketch.grid(left, CELL / 2, UPRIGHT, torch.full((3, 3), 2))
    sketch.text(left + 3 * CELL + GAP / 2, 2 * CELL, "=")
    first = torch.tensor([[1, 0], [0, 0]])
    sketch.grid(left + 3 * CELL + GAP, CELL, result, first)
    for x, name in ((40, "image"), (left + 30, "kernel"), (left + 104, "feature map")):
        sketch.text(x, 4 * CELL + 10, name)
    return sketch


def feature_map() -> Sketch:
    sketch = Sketch("A picture of Shapes, and where a kernel for upright edges answers to it.")
    image = _picture()
    grey = F.pad(image.mean(dim=0)[None, None], (1, 1, 1, 1), mode="replicate")
    found = F.conv2d(grey, UPRIGHT[None, None])[0].abs()
    sketch.photo(0, 0, image)
    sketch.arrow(68, 32, 68 + GAP, 32)
    sketch.photo(72 + GAP, 0, found / found.max())
    return sketch


def _picture() -> Tensor:
    """A fish, with nothing before it and little behind it."""
    fish = torch.full((24,), CLASSES.index("fish"))
    return draw(fish, seed=5)[4].float() / 255


def stride() -> Sketch:
    sketch = Sketch(
        "A 3x3 kernel on a 5x5 image with stride 2: it starts at the left, moves on by two pixels, "
        "and has two places in each direction."
    )
    size = len(F.max_pool1d(torch.zeros(1, 1, 5), 3, stride=2)[0, 0])
    for row in range(5):
        for column in range(5):
            sketch.box(column * CELL, row * CELL, CELL, CELL, "faint")
    sketch.box(1, 1, 3 * CELL - 2, 3 * CELL - 2, "blue")
    sketch.box(2 * CELL + 1, 1, 3 * CELL - 2, 3 * CELL - 2, "orange")
    sketch.arrow(CELL / 2, CELL / 2, 2.5 * CELL, CELL / 2)
    left = 5 * CELL + GAP
    sketch.arrow(5 * CELL + 4, 2.5 * CELL, left - 2, 2.5 * CELL)
    for row in range(size):
        for column in range(size):
            look = ("blue", "orange")[column] if row == 0 else "plain"
            sketch.box(left + 4 + column * CELL, (1.5 + row) * CELL, CELL, CELL, look)
    return sketch


def padding() -> Sketch:
    sketch = Sketch("A 3x3 image with a border of zeros around it: 5x5.")
    image = torch.tensor([[7, 2, 5], [1, 9, 4], [3, 8, 6]]).float()
    padded = F.pad(image, (1, 1, 1, 1))
    looks = F.pad(torch.ones(3, 3), (1, 1, 1, 1), value=3)
    sketch.grid(0, CELL, image, torch.ones(3, 3))
    sketch.arrow(3 * CELL + 4, 2.5 * CELL, 3 * CELL + GAP - 2, 2.5 * CELL)
    sketch.grid(3 * CELL + GAP + 2, 0, padded, looks)
    return sketch


def max_pooling() -> Sketch:
    return _pooling("largest number", F.max_pool2d(NUMBERS[None], 2)[0])


def average_pooling() -> Sketch:
    return _pooling("mean", F.avg_pool2d(NUMBERS[None], 2)[0])


def _pooling(what: str, result: Tensor) -> Sketch:
    listed = ", ".join(f"{value:g}" for value in result.flatten().tolist())
    sketch = Sketch(f"Each 2x2 window of a 4x4 map is replaced by its {what}: {listed}.")
    sketch.grid(0, 0, NUMBERS, QUARTERS)
    sketch.arrow(4 * CELL + 4, 2 * CELL, 4 * CELL + GAP - 2, 2 * CELL)
    sketch.grid(4 * CELL + GAP + 2, CELL, result, torch.tensor([[1, 2], [3, 0]]))
    return sketch


def crop() -> Sketch:
    sketch = Sketch("A picture with a border of zeros, and a window of the picture's size in it.")
    image, border = _picture(), 8
    padded = F.pad(image, (border,) * 4)
    sketch.photo(0, 0, padded, side=96)
    sketch.box(22, 4, 64, 64, "frame")
    sketch.arrow(102, 48, 102 + GAP, 48)
    left, top = 11, 2  # the window's corner, in pixels of the picture
    window = padded[:, top : top + 32, left : left + 32]
    sketch.photo(106 + GAP, 16, window)
    return sketch


def augmentation() -> Sketch:
    sketch = Sketch("A picture as it is, mirrored, shifted, and darker: the same class.")
    image = _picture()
    shifted = F.pad(image, (4, 4, 4, 4))[:, 7:39, :32]
    for number, version in enumerate((image, image.flip(-1), shifted, image * 0.6)):
        sketch.photo(number * 70, 0, version)
    return sketch


def residual_block() -> Sketch:
    sketch = Sketch(
        "x goes through two layers, which give f(x), and past them; both are added: x + f(x)."
    )
    middle = 50
    sketch.text(6, middle, "x")
    sketch.arrow(14, middle, 44, middle)
    sketch.box(46, middle - 14, 54, 28, "blue", "layer", 5)
    sketch.arrow(100, middle, 122, middle)
    sketch.box(124, middle - 14, 54, 28, "blue", "layer", 5)
    sketch.arrow(178, middle, 212, middle)
    sketch.text(196, middle + 14, "f(x)")
    sketch.box(214, middle - 11, 22, 22, "orange", "+", 11)
    sketch.curve([(26, middle), (26, 12), (225, 12), (225, middle - 12)], "skip", arrow=True)
    sketch.text(126, 3, "x, unchanged")
    sketch.arrow(236, middle, 260, middle)
    sketch.text(266, middle, "x + f(x)", "start")
    return sketch


def batch_normalisation() -> Sketch:
    return _shared_means("batch normalisation", nn.BatchNorm2d(4))


def layer_normalisation() -> Sketch:
    return _shared_means("layer normalisation", nn.GroupNorm(1, 4))


def group_normalisation() -> Sketch:
    return _shared_means("group normalisation, 2 groups,", nn.GroupNorm(2, 4))


def instance_normalisation() -> Sketch:
    return _shared_means("instance normalisation", nn.GroupNorm(4, 4))


def _shared_means(name: str, layer: nn.Module) -> Sketch:
    """Which maps of a batch share a mean with the first: a row a picture, a column a channel."""
    x = torch.randn(3, 4, 2, 2, generator=torch.Generator().manual_seed(0))
    marked = (
        cells_that_matter(layer.double(), x, (0, 0, 0, 0)).any(dim=3).any(dim=2)
    )  # (pictures, channels)
    sketch = Sketch(
        f"Feature maps of 3 pictures, a row each, with 4 channels, a column each: {name} takes one "
        f"mean over {int(marked.sum())} of the 12 maps, which are blue."
    )
    for row in range(3):
        sketch.text(0, row * 26 + 11, f"picture {row + 1}", "start")
        for column in range(4):
            look = "blue" if marked[row, column] else "faint"
            sketch.box(58 + column * 26, row * 26, 22, 22, look)
    sketch.text(58 + 51, 86, "channels")
    return sketch


SKETCHES = {
    "augmentation": augmentation,
    "average-pooling": average_pooling,
    "batch-normalisation": batch_normalisation,
    "convolution": convolution,
    "crop": crop,
    "feature-map": feature_map,
    "group-normalisation": group_normalisation,
    "instance-normalisation": instance_normalisation,
    "layer-normalisation": layer_normalisation,
    "max-pooling": max_pooling,
    "padding": padding,
    "residual-block": residual_block,
    "stride": stride,
}
