"""The command line of all benchmarks, made in one place."""

import subprocess
from pathlib import Path

import click

from benchmarks.harness import Part, all_parts
from course_utils.paths import ROOT

DATASET = click.option(
    "--dataset",
    default="cifar10",
    show_default=True,
    callback=lambda context, option, value: data_set(value),
    help="cifar10, shapes, or an image folder.",
)
DEVICE = click.option("--device", default="cpu", show_default=True, help="cpu, or cuda.")


def data_set(value: str) -> str:
    """The value, or the whole path of a folder.

    Raises:
        click.BadParameter: if it is neither a data set's name nor a folder.
    """
    if value in ("cifar10", "shapes"):
        return value
    if not Path(value).expanduser().is_dir():
        raise click.BadParameter(f"{value!r} is neither cifar10, nor shapes, nor a folder")
    return str(Path(value).expanduser().resolve())


def run_part(part: Part, dataset: str, device: str, *, again: bool = False) -> Path:
    """Run a part, and say where its record is. What is missing is an error without a traceback."""
    if part.missing():
        raise click.ClickException(f"{part.name} needs {part.missing()} in the data folder")
    try:
        path = part.run(dataset, device=device, again=again)
    except FileNotFoundError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{part.name}: recorded in {path.name}")
    return path


def command(about: str, parts: list[Part]) -> click.Command:
    """The command of one package: `python -m benchmarks.lesson_05 [PART ...]`."""
    names = {part.name: part for part in parts}
    lines = "\n".join(f"  {p.name}: {p.about} ({p.minutes} minutes)" for p in parts)

    @click.command(help=f"{about}\n\n\b\nParts (without any, all that are not finished):\n{lines}")
    @click.argument("chosen", nargs=-1, metavar="[PART]...", type=click.Choice(list(names)))
    @DATASET
    @DEVICE
    @click.option("--again", is_flag=True, help="Measure anew what is finished.")
    def main(chosen: tuple[str, ...], dataset: str, device: str, again: bool) -> None:
        for part in [names[name] for name in chosen or names]:
            if part.is_finished(dataset) and not again:
                click.echo(f"{part.name}: finished, see {part.record_file(dataset).name}")
            elif chosen or not part.missing():
                run_part(part, dataset, device, again=again)

    return main


def queue(dataset: str) -> list[tuple[str, Part, str]]:
    """(package, part, state) of every part, in the queue's order; a state is "finished", "missing"
    or what the part waits for.
    """
    parts = [(package, part) for package, found in all_parts().items() for part in found]
    parts.sort(key=lambda pair: pair[1].order)
    rows = []
    for package, part in parts:
        waits = f"needs {part.missing()}" if part.missing() else "missing"
        rows.append((package, part, "finished" if part.is_finished(dataset) else waits))
    return rows


@click.group(invoke_without_command=True)
@DATASET
@click.pass_context
def main(context: click.Context, dataset: str) -> None:
    """List the parts of all benchmarks; `queue` runs the next that is missing."""
    context.obj = dataset
    if context.invoked_subcommand:
        return
    for package, part, state in queue(dataset):
        alone = ", alone" if part.timed else ""
        title = f"{package} {part.name!r}" if " " in part.name else f"{package} {part.name}"
        click.echo(f"{title:44} {state:10} {part.minutes:4} min{alone}")


@main.command("queue")
@DEVICE
@click.option("--until", default=0, help="Go on as long as the parts' estimates fit (minutes).")
@click.option("--commit", is_flag=True, help="Commit each record as soon as it is written.")
@click.pass_obj
def run_queue(dataset: str, device: str, until: int, commit: bool) -> None:
    """Run the next part that is missing; with --until, as many as fit into so many minutes."""
    todo = [(package, part) for package, part, state in queue(dataset) if state == "missing"]
    if not todo:
        click.echo("nothing is missing")
    left = until
    for package, part in todo if until else todo[:1]:
        if until and part.minutes > left:
            continue
        left -= part.minutes
        click.echo(f"{package} {part.name}: {part.minutes} minutes")
        path = run_part(part, dataset, device)
        if commit:
            message = f"Benchmarks: {package}, {part.name}"
            subprocess.run(["git", "add", path], cwd=ROOT, check=True)
            subprocess.run(["git", "commit", "-qm", message, "--", path], cwd=ROOT, check=True)
