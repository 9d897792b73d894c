"""The fast recipe from the command line: `python -m course_utils fast`."""

import math
from collections.abc import Callable
from dataclasses import fields

import click

from course_utils.cli.finite import Finite
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
            numbers = tuple(int(part) for part in value.split(","))
        except ValueError:
            numbers = ()
        if not numbers or min(numbers) < 1:
            self.fail(f"{value!r}: give whole numbers above 0, such as 64,128,128", param, ctx)
        return numbers


TYPES: dict[str, click.ParamType] = {  # of the recipe's fields
    "widths": Numbers(),
    "epochs": Finite(min=0, min_open=True),
    "batch_size": click.IntRange(min=1),
    "learning_rate": Finite(min=0, min_open=True),
    "weight_decay": Finite(min=0),
    "bias_rate": Finite(min=0),
    "bias_epochs": click.IntRange(min=0),
    "muon_rate": Finite(min=0),
    "label_smoothing": Finite(min=0, max=1, max_open=True),
    "shift": click.IntRange(min=0),
    "flip": click.Choice(FLIPS),
    "small_size": click.IntRange(min=0),
    "average": Finite(min=0, max=1, max_open=True),
}


def recipe_options(command: Callable) -> Callable:
    """One option for each field of `Recipe`, with its default."""
    for field in reversed(fields(Recipe)):
        name = "--" + field.name.replace("_", "-")
        if isinstance(field.default, bool):
            option = click.option(name, is_flag=True, default=field.default)
        else:
            kind = TYPES[field.name]
            option = click.option(name, type=kind, default=field.default, show_default=True)
        command = option(command)
    return command


def check_sides(recipe: Recipe, size: int) -> None:
    """Refuse images that the network halves to nothing, or that a shift moves out of themselves.

    Raises:
        ValueError: naming the size.
    """
    least = 2 ** len(recipe.widths) + 1  # the first layer takes a pixel, each group halves the rest
    for name, side in (("size", size), ("small_size", recipe.small_size or size)):
        if side < least:
            groups = f"{len(recipe.widths)} groups of layers need {least} pixels"
            raise ValueError(f"{name} is {side}: {groups}; give more, or fewer --widths")
    if recipe.shift >= size:
        raise ValueError(f"shift is {recipe.shift}: give less than the size, {size}")


@click.command()
@click.argument("dataset")
@click.option(
    "--train-size",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Training images, 0 for all.",
)
@click.option(
    "--size",
    type=click.IntRange(min=2),
    default=32,
    show_default=True,
    help="Side of the images in pixels.",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
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
        check_sides(recipe, size)
        device = pick_device(device)
        splits = load_splits(dataset, size=size, train_size=train_size, seed=seed)
        training = Training(splits, recipe, seed, device)
        if training.total_steps < 1:
            raise ValueError(f"epochs is {recipe.epochs}: that is no step, give more")
    except (ValueError, FileNotFoundError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(splits)
    loaders = make_loaders(splits, 500)
    while training.epoch < recipe.epochs:
        loss = training.run_epoch()
        if not math.isfinite(loss):
            raise click.ClickException(
                f"the loss is {loss} in epoch {training.epoch}: try a smaller --learning-rate"
            )
        accuracy = evaluate(training.eval_model, loaders.val, device).accuracy
        click.echo(f"epoch {training.epoch}: loss {loss:.3f}, validation accuracy {accuracy:.1%}")
    if test:
        accuracy = evaluate(training.eval_model, loaders.test, device).accuracy
        click.echo(f"test accuracy {accuracy:.2%}")
        if splits.flip_safe:
            model = Mirrored(training.eval_model)
            mirrored = evaluate(model, loaders.test, device).accuracy
            click.echo(f"with mirror images averaged in (test-time augmentation) {mirrored:.2%}")
