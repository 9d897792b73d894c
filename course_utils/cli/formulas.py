"""TeX as MathML, which browsers draw themselves: no script, no font, no other host."""

from latex2mathml.converter import convert


def to_mathml(tex: str, *, display: bool = False) -> str:
    """A `<math>` element for a formula; `display` gives it a line of its own.

    Raises:
        ValueError: if the TeX cannot be read.
    """
    try:
        return convert(tex.strip(), display="block" if display else "inline")
    except Exception as error:  # the converter has a class for each slip
        raise ValueError(f"formula {tex.strip()!r}: {type(error).__name__}: {error}") from None
