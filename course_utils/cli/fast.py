"""The fast recipe from the command line: `python -m course_utils fast`."""

from collections.abc import Callable
from dataclasses import fields

import click

from course_utils.lessons.lesson_08.recipe import FLIPS, Recipe


class Numbers(click.ParamType):
    """Whole numbers with commas between them."""

    name = "n,n,..."

    def convert(
        self, value: str | tuple, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        try:
            return tuple(int(part) for part in value.split(","))
        except ValueError:
            self.fail(f"{value!r}: give whole numbers, such as 64,128,128", param, ctx)


def option_type(name: str, default: object) -> click.ParamType | type:
    """What an option takes, by the name and the default of the recipe's field."""
    if name == "epochs":
        return click.FloatRange(min=0, min_open=True)
    if name == "flip":
        return click.Choice(FLIPS)
    if isinstance(default, tuple):
        return Numbers()
    return type(default)


def recipe_options(command: Callable) -> Callable:
    """One option for each field of `Recipe`, with its default."""
    for field in reversed(fields(Recipe)):
        name = "--" + field.name.replace("_", "-")
        if isinstance(field.default, bool):
            option = click.option(name, is_flag=True, default=field.default)
        else:
            kind = option_type(field.name, field.default)
            option = click.option(name, type=kind, default=field.default, show_default=True)
        command = option(command)
    return command


@click.command()
@click.argument("dataset")
@click.option("--train-size", default=0, show_default=True, help="Training images, 0 for all.")
@click.option("--size", default=32, show_default=True, help="Side of the images in pixels.")
@click.option("--seed", default=0, show_default=True)
@click.option("--device", default="auto", show_default=True)
@click.option(
    "--test", is_flag=True, help="Read the test images, once, at the end. Choose without it."
)
@recipe_options
def fast(
    dataset: str, train_size: int, size: int, seed: int, device: str, test: bool, **options: object
) -> None:
    """Train lesson 08's fast recipe on DATASET: cifar10, shapes, or the path of an image folder."""
    from course_utils.data import load_splits, make_loaders
    from course_utils.lessons.lesson_08.fast import Training
    from course_utils.lessons.lesson_08.mirrored import Mirrored
    from course_utils.runtime import pick_device
    from course_utils.training import evaluate

    try:
        recipe = Recipe(**options)
        splits = load_splits(dataset, size=size, train_size=train_size, seed=seed)
        device = pick_device(device)
        training = Training(splits, recipe, seed, device)
    except (ValueError, FileNotFoundError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(splits)
    loaders = make_loaders(splits, 500)
    while training.epoch < recipe.epochs:
        loss = training.run_epoch()
        accuracy = evaluate(training.eval_model, loaders.val, device).accuracy
        click.echo(f"epoch {training.epoch}: loss {loss:.3f}, validation accuracy {accuracy:.1%}")
    if test:
        accuracy = evaluate(training.eval_model, loaders.test, device).accuracy
        click.echo(f"test accuracy {accuracy:.2%}")
        if splits.flip_safe:
            model = Mirrored(training.eval_model)
            mirrored = evaluate(model, loaders.test, device).accuracy
            click.echo(f"with mirror images averaged in (test-time augmentation) {mirrored:.2%}")
