"""What small pictures are made of: squares with numbers, boxes, arrows, curves, photographs."""

import base64
import io
from collections.abc import Sequence
from html import escape

from PIL import Image
from torch import Tensor
from torchvision.transforms.v2.functional import to_pil_image

CELL = 20  # the side of a number's square, in pixels
EDGE = 4  # room around a picture
MARKER = "arrowhead"
HEAD_OF_ARROWS = (
    f'<svg width="0" height="0" aria-hidden="true" style="position: absolute"><marker id="{MARKER}" '
    'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0L8 4L0 8z" class="arrowhead"/></marker></svg>'
)


class Sketch:
    """A picture under construction; `alt` says in words what it shows. y grows downwards.

    A `look` is a class of site.css: plain, blue, orange, faint, line, dashed.
    """

    def __init__(self, alt: str) -> None:
        self.alt = " ".join(alt.split())
        self.parts: list[str] = []
        self.right = self.bottom = 0.0

    def _add(self, part: str, right: float, bottom: float) -> None:
        self.parts.append(part)
        self.right, self.bottom = max(self.right, right), max(self.bottom, bottom)

    def box(
        self, x: float, y: float, width: float, height: float, look="plain", text="", round_by=0
    ) -> None:
        size = f'width="{width:g}" height="{height:g}"'
        corners = f' rx="{round_by}"' if round_by else ""
        part = f'<rect x="{x:g}" y="{y:g}" {size}{corners} class="{look}"/>'
        self._add(part, x + width, y + height)
        if text:
            self.text(x + width / 2, y + height / 2, text)

    def text(self, x: float, y: float, text: str, anchor="middle") -> None:
        """A line of text around its middle, or from its start, at (x, y)."""
        place = f'x="{x:g}" y="{y:g}"'
        at = "" if anchor == "middle" else f' text-anchor="{anchor}"'
        width = 7 * len(text)
        right = x + (width / 2 if anchor == "middle" else width)
        self._add(f"<text {place}{at}>{escape(text)}</text>", right, y + 8)

    def grid(self, x: float, y: float, values: Tensor, looks: Tensor | None = None) -> None:
        """A matrix (rows, columns) as squares with numbers; `looks` has 1 for blue, 2 for orange,
        3 for faint.
        """
        names = ("plain", "blue", "orange", "faint")
        for row, line in enumerate(values.tolist()):
            for column, value in enumerate(line):
                look = names[int(looks[row, column])] if looks is not None else "plain"
                corner = (x + column * CELL, y + row * CELL)
                self.box(*corner, CELL, CELL, look, f"{value:g}")

    def arrow(self, x: float, y: float, to_x: float, to_y: float) -> None:
        part = (
            f'<path d="M{x:g} {y:g}L{to_x:g} {to_y:g}" class="line" marker-end="url(#{MARKER})"/>'
        )
        self._add(part, max(x, to_x), max(y, to_y))

    def curve(self, points: Sequence[tuple[float, float]], look="line", arrow=False) -> None:
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        end = f' marker-end="url(#{MARKER})"' if arrow else ""
        right, bottom = max(x for x, _ in points), max(y for _, y in points)
        self._add(f'<path d="M{path}" class="line {look}"{end}/>', right, bottom)

    def dot(self, x: float, y: float, look="blue") -> None:
        self._add(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" class="{look}"/>', x + 4, y + 4)

    def photo(self, x: float, y: float, image: Tensor, side: float = 64) -> None:
        """An image (3, H, W) or (1, H, W), float in [0, 1], its pixels enlarged."""
        buffer = io.BytesIO()
        picture: Image.Image = to_pil_image(image.clamp(0, 1))
        picture.save(buffer, format="webp", quality=80, method=6)
        data = base64.b64encode(buffer.getvalue()).decode()
        place = f'x="{x:g}" y="{y:g}" width="{side:g}" height="{side:g}"'
        part = f'<image {place} href="data:image/webp;base64,{data}"/>'
        self._add(part, x + side, y + side)

    def svg(self) -> str:
        width, height = self.right + 2 * EDGE, self.bottom + 2 * EDGE
        view = f'viewBox="{-EDGE} {-EDGE} {width:g} {height:g}"'
        head = (
            f'<svg class="sketch" role="img" aria-label="{escape(self.alt)}" {view} '
            f'width="{width:g}" height="{height:g}">'
        )
        return f"{head}{''.join(self.parts)}</svg>"
