"""`python -m benchmarks.lesson_02 [PART ...]`."""

from benchmarks.commands import command
from benchmarks.lesson_02 import run

command(run.__doc__, run.PARTS)(prog_name="python -m benchmarks.lesson_02")
