"""Small pictures for the glossary: SVG, written into the page, so that it takes the page's colours.

A picture's name is a key of `layers.SKETCHES` or `training.SKETCHES`.
"""

from extensions.sketches import layers, training
from extensions.sketches.kit import Sketch


def draw(name: str) -> Sketch:
    """The picture that is called `name`.

    Raises:
        ValueError: if there is none.
    """
    for module in (layers, training):
        if name in module.SKETCHES:
            return module.SKETCHES[name]()
    names = sorted({**layers.SKETCHES, **training.SKETCHES})
    raise ValueError(f"no sketch {name!r}: there are {', '.join(names)}")
