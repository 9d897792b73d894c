"""Figures for light and dark pages, safe for colour-blind readers, with alt text."""

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import findSystemFonts, fontManager
from matplotlib.rcsetup import cycler
from torch import Tensor
from torchvision.utils import make_grid

# Okabe and Ito's palette, which colour-blind readers can tell apart, without its yellow (too pale
# for lines).
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
DPI = 90
STYLE = {
    "figure.dpi": DPI,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "axes.prop_cycle": cycler(color=COLORS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "image.cmap": "viridis",
    "image.interpolation": "nearest",
}
# Of the font files that systems bring, those with Chinese, Japanese or Korean characters
EAST_ASIAN = re.compile(
    "CJK|SourceHan|wqy|DroidSansFallback|NanumGothic|msyh|simhei|malgun|meiryo|YuGoth|PingFang|"
    "Hiragino|AppleGothic|AppleSDGothicNeo|Arial Unicode|arialuni",
    re.IGNORECASE,
)


def use_style() -> None:
    """Draw every figure from here on in the course's style: opaque, colour-blind-safe, modest.

    What matplotlib's own font lacks, Chinese and Korean names of classes for instance, is drawn
    with the fonts of the system that have it.
    """
    plt.rcParams.update(STYLE | {"font.family": ["DejaVu Sans", *_east_asian_fonts()]})


@cache
def _east_asian_fonts() -> list[str]:
    found = {path for path in findSystemFonts() if EAST_ASIAN.search(Path(path).name)}
    for path in found - {font.fname for font in fontManager.ttflist}:
        with suppress(OSError, RuntimeError):  # a font that cannot be read
            fontManager.addfont(path)  # matplotlib's list is older than the font
    names = {font.name for font in fontManager.ttflist if font.fname in found}
    return sorted(names, key=lambda name: ("Sans" not in name, name))


def show(figure: Figure, *, alt: str = "") -> None:
    """Display a figure with `alt`, its description in words for those who cannot see it, and close
    it. A diagram brings its own description, as the figure's label. A printed line says so if no
    font here has a character of the figure.

    Raises:
        ValueError: if there is neither.
    """
    from IPython.display import display  # here, since only a notebook has it loaded already

    alt = alt.strip() or figure.get_label().strip()
    if not alt:
        raise ValueError("alt is empty: say in a sentence what the figure shows")
    buffer = io.BytesIO()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure.savefig(buffer, format="png", dpi=DPI)
    plt.close(figure)
    missing = [each for each in caught if str(each.message).startswith("Glyph")]
    for each in caught:
        if each not in missing:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
    if missing:
        print("boxes stand for characters that no font here has: install Noto Sans CJK, restart")
    data = {"image/png": buffer.getvalue(), "text/plain": f"Figure: {alt}"}
    display(data, metadata={"image/png": {"alt": alt}}, raw=True)


def plot_images(
    images: Tensor, titles: Sequence[str] = (), *, columns: int = 0, side: float = 1.1
) -> Figure:
    """Images (N, 3 or 1, H, W), float in [0, 1] or uint8, in a grid, each under its title.

    Values outside [0, 1] are cut off. `side` is an image's width in inches.
    """
    columns = columns or len(images)
    rows = -(-len(images) // columns)
    height = side * (1.25 if titles else 1.02)
    figure, axes = plt.subplots(
        rows, columns, figsize=(side * columns, height * rows), squeeze=False
    )
    for index, ax in enumerate(axes.flat):
        ax.axis("off")
        if index < len(images):
            show_image(ax, images[index])
            if titles:
                ax.set_title(titles[index], fontsize=9)
    return figure


def show_image(ax: Axes, image: Tensor) -> None:
    """Draw one image, (3, H, W) or (1, H, W), float in [0, 1] or uint8, on axes without ticks."""
    image = image if not image.is_floating_point() else image.clamp(0, 1)
    pixels = image.permute(1, 2, 0).cpu()  # (H, W, C): what matplotlib wants
    ax.imshow(pixels.squeeze(-1).numpy(), **({"cmap": "gray"} if pixels.shape[-1] == 1 else {}))
    ax.axis("off")


def plot_grid(
    images: Tensor, *, columns: int = 8, width: float = 5.5, row_names: Sequence[str] = ()
) -> Figure:
    """Many small images (N, 3, H, W), float in [0, 1] or uint8, as one picture, its rows named."""
    white = 255 if images.dtype == torch.uint8 else 1.0
    grid = make_grid(images.cpu(), nrow=columns, padding=1, pad_value=white)
    figure, ax = plt.subplots(figsize=(width, width * grid.shape[1] / grid.shape[2] + 0.1))
    show_image(ax, grid)
    step = images.shape[-2] + 1
    for row, name in enumerate(row_names):
        ax.text(-4, (row + 0.5) * step, name, ha="right", va="center", fontsize=9)
    return figure


def plot_lines(
    curves: Mapping[str, Sequence[float]],
    *,
    xlabel: str,
    ylabel: str,
    x: Sequence[float] = (),
    ax: Axes | None = None,
) -> Figure:
    """One line and marker for each entry of `curves`, by its label, over `x` (or 1, 2, 3, ...)."""
    figure, ax = (ax.figure, ax) if ax is not None else plt.subplots(figsize=(6, 3.2))
    for (label, values), marker in zip(curves.items(), "osD^vPX" * len(curves), strict=False):
        places = x if len(x) else range(1, len(values) + 1)
        marker = marker if len(values) <= 40 else ""
        ax.plot(places, values, marker=marker, markersize=4, label=label)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend(fontsize=8)
    return figure
