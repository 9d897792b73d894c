"""`python -m benchmarks.lesson_04 [PART ...]`."""

from benchmarks.commands import command
from benchmarks.lesson_04 import run

command(run.__doc__, run.PARTS)(prog_name="python -m benchmarks.lesson_04")
