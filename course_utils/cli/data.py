"""`data`: downloads the data sets that the course does not draw itself."""

import os
from dataclasses import replace

import click

from course_utils.paths import DATA_DIR


@click.command()
@click.argument("name", type=click.Choice(["cifar10"]))
def data(name: str) -> None:
    """Download a data set into the course's data folder, check it and unpack it.

    cifar10: 170 MB to download, 187 MB unpacked; the archive is removed once it is unpacked. What
    is already there and whole is not downloaded again, and a download that was interrupted goes on
    where it stopped.

    COURSE_CIFAR10_URL, one or more addresses separated by blanks, names the servers to ask, in
    order, INSTEAD of the official one (add its address to keep it). Their copies must have the
    official size and MD5. An archive put into the data folder by hand is used, and kept.
    COURSE_DATA moves the data folder.
    """
    from course_utils.cli.download import CIFAR10, fetch

    urls = tuple(os.environ.get("COURSE_CIFAR10_URL", "").split())
    try:
        fetch(replace(CIFAR10, urls=urls or CIFAR10.urls), DATA_DIR)
    except KeyboardInterrupt:
        raise click.ClickException(
            "interrupted: run the same command again, it goes on where it stopped"
        ) from None
