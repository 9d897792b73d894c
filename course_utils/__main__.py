"""The command line: `python -m course_utils`."""

try:
    from course_utils.cli.commands import main
except ModuleNotFoundError as error:
    missing = f"{error.name} is missing: python -m pip install -r requirements.txt"
    raise SystemExit(missing) from None

if __name__ == "__main__":
    main(prog_name="python -m course_utils")
