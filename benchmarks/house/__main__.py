"""`python -m benchmarks.house [PART ...]`."""

from benchmarks.commands import command
from benchmarks.house import run

command(run.__doc__, run.PARTS)(prog_name="python -m benchmarks.house")
