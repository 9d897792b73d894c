"""The group of commands behind `python -m course_utils`."""

from importlib import import_module

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

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup)
def main() -> None:
    """Run the course's lessons, get their data, look at what is installed."""
