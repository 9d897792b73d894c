"""The folder of pictures that lesson 10 looks through where a learner gives none."""

from pathlib import Path

from course_utils.data import open_dataset

TRAIN_SHARE = 0.7  # of the folder's pictures, by the lesson's split


def write_untidy(dataset: str, output: Path, train_size: int) -> tuple[Path, str]:
    """Write training images of `dataset`, a name that `open_dataset` knows, as a folder below
    `output`, one folder a class, with three faults: a copy under another name, a copy in another
    class, and a broken file. Returns the folder and the name of the data set.

    `train_size` is how many pictures the lesson will train on (0: all that there are).

    Raises:
        FileNotFoundError: if the data set is not on disk.
    """
    source = open_dataset(dataset, train=True)
    name = type(source).__name__.lower()
    number = len(source)
    if train_size:
        number = min(round(train_size / TRAIN_SHARE), number)
    folder = output / f"{name}_{number}"
    for index in range(number):
        image, label = source[index]
        path = folder / source.classes[label] / f"{index:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path)
    image, label = source[0]
    of_class, of_another = (folder / source.classes[i] for i in (label, label - 1))
    image.save(of_class / "copy of the first.jpg", quality=95, subsampling=0)
    image.save(of_another / "sorted wrongly.png")
    (of_another / "broken.png").write_bytes(path.read_bytes()[:200])
    return folder, name
