"""Numbers of the command line that are numbers."""

import math

import click


class Finite(click.FloatRange):
    """A number in a range; "nan" is in every range of click's, and "inf" in those without end."""

    def convert(
        self, value: str | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r}: give a finite number", param, ctx)
        return number
