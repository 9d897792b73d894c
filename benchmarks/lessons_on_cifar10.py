"""Run lessons on CIFAR-10 images and keep what they record as benchmarks/results/<lesson>.<data
set>.json.

    python benchmarks/lessons_on_cifar10.py data/cifar10-jpeg [NAME ...]

The folder is the JPEG copy that make_jpeg_copy.py writes. Takes about half an hour on two cores;
NAME, such as 03_vgg_cnn.cifar10-jpeg-10k, picks single runs. The lessons draw these results beside
their own.
"""

import shutil
import subprocess
import sys

from course_utils.paths import RUNS_DIR
from course_utils.results import RECORDED_DIR

RUNS = {  # result name: the parameters that differ from the lesson's defaults
    "00_training_loop.cifar10-jpeg": {"train_size": 0},
    "03_vgg_cnn.cifar10-jpeg-10k": {"epochs": 5, "train_size": 10_000},
    "03_vgg_cnn.cifar10-jpeg-45k": {"epochs": 5, "train_size": 0},
}


def main() -> None:
    if len(sys.argv) < 2 or set(sys.argv[2:]) - set(RUNS):
        raise SystemExit(f"{__doc__}\nThe names are {', '.join(RUNS)}")
    folder, names = sys.argv[1], sys.argv[2:] or list(RUNS)
    for name in names:
        lesson = name.partition(".")[0]
        options = [word for key, value in RUNS[name].items() for word in ("-p", key, str(value))]
        command = [
            sys.executable,
            "-m",
            "course_utils",
            "run",
            "--dataset",
            folder,
            "--name",
            name,
            *options,
            lesson,
        ]
        subprocess.run(command, check=True)
        shutil.copyfile(RUNS_DIR / name / f"{lesson}.json", RECORDED_DIR / f"{name}.json")


if __name__ == "__main__":
    main()
