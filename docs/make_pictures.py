"""Draws the README's pictures: docs/shapes.png, a contact sheet of Shapes, and docs/cost.png,
accuracy against cost.

python docs/make_pictures.py
"""

from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torchvision.transforms.v2.functional import to_pil_image
from torchvision.utils import make_grid

from course_utils.data.shapes import CLASSES, draw
from course_utils.lessons.lesson_08.plots import plot_costs
from course_utils.plotting import use_style
from course_utils.results import load_recorded

COLUMNS = 12
ZOOM = 2  # whole, so that the pixels stay square and sharp
GAP = 2  # pixels around each image, before the zoom
LABELS = 80  # width of the column of class names, in pixels of the sheet
PAPER, INK = 255, (30, 30, 30)  # white behind everything: the page around it may be dark


def contact_sheet(columns: int = COLUMNS, *, seed: int = 0) -> Image.Image:
    """The classes of Shapes, one a row, with their names on the left."""
    labels = torch.arange(len(CLASSES)).repeat_interleave(columns)
    grid = make_grid(draw(labels, seed=seed), nrow=columns, padding=GAP, pad_value=PAPER)
    return _with_row_labels(grid, CLASSES)


def _with_row_labels(grid: Tensor, names: tuple[str, ...]) -> Image.Image:
    """A grid of images, (3, height, width), enlarged, and a name beside each row."""
    height, width = (side * ZOOM for side in grid.shape[1:])
    sheet = Image.new("RGB", (LABELS + width, height), (PAPER,) * 3)
    sheet.paste(to_pil_image(grid).resize((width, height), Image.Resampling.NEAREST), (LABELS, 0))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=17)
    for row, name in enumerate(names):
        middle = (row + 0.5) * height / len(names)
        pen.text((LABELS - 8, middle), name, fill=INK, font=font, anchor="rm")
    return sheet


if __name__ == "__main__":
    contact_sheet().save(Path(__file__).with_name("shapes.png"), optimize=True)
    use_style()
    figure = plot_costs(load_recorded("08_fast_training.cifar10-gpu"))
    figure.savefig(Path(__file__).with_name("cost.png"), dpi=100)
