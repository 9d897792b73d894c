"""Names pictures by a model that lesson 10 saved: `python -m course_utils predict`."""

import csv
import sys
from pathlib import Path

import click


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("pictures", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--csv", "as_table", is_flag=True, help="All probabilities, as a table.")
@click.option("--top", default=3, show_default=True, help="Classes to print for each picture.")
def predict(model: Path, pictures: tuple[Path, ...], as_table: bool, top: int) -> None:
    """Ask MODEL, a file that lesson 10 saved, which class each of PICTURES shows. A folder stands
    for all pictures in it.
    """
    from course_utils.data.pictures import list_pictures, read_picture
    from course_utils.lessons.lesson_10.saved import load_model

    try:
        saved = load_model(model)
    except (FileNotFoundError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    table = csv.writer(sys.stdout, lineterminator="\n")
    if as_table:
        table.writerow(["picture", *saved.classes])
    failed = False
    for given in pictures:
        for path in list_pictures(given) if given.is_dir() else [given]:
            try:
                probabilities = saved.probabilities(read_picture(path))
            except ValueError as error:  # one bad picture does not cost the others
                click.echo(f"Error: {error}", err=True)
                failed = True
                continue
            if as_table:
                table.writerow([path, *(f"{p:.4f}" for p in probabilities)])
            else:
                click.echo(f"{path}: {_best(saved.classes, probabilities, top)}")
    if failed:
        raise SystemExit(1)


def _best(classes: list[str], probabilities: list[float], top: int) -> str:
    ranked = sorted(zip(probabilities, classes, strict=True), key=lambda pair: -pair[0])
    return ", ".join(f"{name} {p:.1%}" for p, name in ranked[:top])
