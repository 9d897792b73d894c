"""TeX as MathML, which browsers draw themselves: no script, no font, no other host."""

import re

from latex2mathml.converter import convert

FUNCTION = re.compile(r"\\(log|ln|exp|tanh)\s+(?=\w)")  # before an argument without brackets


def to_mathml(tex: str, *, display: bool = False) -> str:
    """A `<math>` element for a formula; `display` gives it a line of its own.

    Raises:
        ValueError: if the TeX cannot be read.
    """
    spaced = FUNCTION.sub(r"\\\1\\,", tex.strip())  # TeX has this space, the converter not
    try:
        return convert(spaced, display="block" if display else "inline")
    except Exception as error:  # the converter has a class for each slip
        raise ValueError(f"formula {tex.strip()!r}: {type(error).__name__}: {error}") from None
