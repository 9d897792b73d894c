"""`python -m benchmarks.lesson_06 [PART ...]`."""

from benchmarks.commands import command
from benchmarks.lesson_06 import run

command(run.__doc__, run.PARTS)(prog_name="python -m benchmarks.lesson_06")
