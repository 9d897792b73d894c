"""The group of commands behind `python -m course_utils`."""

import errno
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

COMMANDS = {
    "run": "Run lessons and check what they measured.",
    "data": "Get a data set.",
    "doctor": "Say what is installed and found here.",
    "predict": "Name pictures by a model that lesson 10 saved.",
    "fast": "Train lesson 08's fast recipe.",
    "sweep": "Run one lesson over a grid of values.",
    "assign": "Make a class set: lessons without solutions.",
    "grade": "Check the exercises of handed-in notebooks.",
    "publish": "Execute the committed notebooks that changed.",
}


class LazyGroup(click.Group):
    """Imports a command when it is called: help stays quick, and `doctor` works where torch does
    not.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        try:
            return getattr(import_module(f"course_utils.cli.{cmd_name}"), cmd_name)
        except ImportError as error:
            raise click.ClickException(
                f"{cmd_name}: {error}; `python -m course_utils doctor` says more"
            ) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what the system refuses it (a folder that cannot be written, a full
        disk) is told in one line, and letters that the terminal lacks are written as escapes.
        """
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        try:
            return super().invoke(ctx)
        except OSError as error:
            if error.errno == errno.EPIPE:  # who reads the output has left, which click handles
                raise
            raise click.ClickException(told(error)) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def told(error: OSError) -> str:
    """What the system, or this package, refused, in one line with the way out."""
    if error.strerror is None:  # of this package, whose errors say the way out
        return " ".join(str(error).split()) or type(error).__name__
    if error.filename is None:  # a write into an open file
        return f"cannot go on ({error.strerror}): make room, and give the same command again"
    return f"cannot use {error.filename} ({error.strerror}): repair it, or give another"


@click.group(cls=LazyGroup)
def main() -> None:
    """Run the course's lessons, get their data, look at what is installed."""
