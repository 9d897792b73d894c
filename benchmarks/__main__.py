"""`python -m benchmarks`: all parts and their state; `python -m benchmarks queue` runs the next."""

from benchmarks.commands import main

main(prog_name="python -m benchmarks")
