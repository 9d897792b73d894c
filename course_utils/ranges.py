"""What a parameter may be, told by its name and its type: for the notebooks, and for the runner
before it starts one. Imports neither torch nor anything else of the course.
"""

import math
from typing import Any

ZERO_FOR_ALL = ("_size", "_images")  # numbers of images: names that end so
MAY_BE_EMPTY = {
    "output_dir": "the path of a folder, or '' for the default",
    "picture": "the path of a picture, or '' for none",
}


def wanted(name: str, kind: str, value: Any) -> str:
    """What to give for a parameter instead of `value`; "" if it fits.

    `kind` is its type as text; of another one than int, float, bool and str anything fits. Whole
    numbers are at least 1; a seed, and a number of images, may be 0. Other numbers are above 0.
    """
    if kind == "int":
        of_images = name.endswith(ZERO_FOR_ALL) and name != "batch_size"
        least = 0 if of_images or name == "seed" else 1
        return "" if type(value) is int and value >= least else f"a whole number, at least {least}"
    if kind == "float":
        fits = type(value) in (int, float) and 0 < value < math.inf
        return "" if fits else "a number above 0"
    if kind == "bool":
        return "" if type(value) is bool else "True or False"
    if kind == "str" and name in MAY_BE_EMPTY:
        return "" if isinstance(value, str) else MAY_BE_EMPTY[name]
    if kind == "str":
        return "" if isinstance(value, str) and value else "text, for instance 'auto'"
    return ""
