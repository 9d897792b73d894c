"""Attempts to better lesson 04's backbone at its size, on one GPU.

    python -m benchmarks.gpu.backbone --tiny data/tiny-imagenet-32 --out DIR [--mini]

VGGMini on Tiny ImageNet (200 classes, 100,000 images of 32 pixels), SGD with Nesterov momentum in
one cycle. The shipped weights saw each image 18 times, cropped and mirrored, with smoothed labels;
smoothed labels are known to make worse features (Kornblith, Shlens and Le, CVPR 2019). The attempts
are longer, without smoothing, and one of them cuts, mirrors and lights its images more strongly.
Their weights go to DIR, in float16; `benchmarks.lesson_04` chooses between them and the shipped.
"""

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from benchmarks.gpu.data import Data, Images, channel_stats
from benchmarks.gpu.lanes import Context, Lane, captured, fit, run_lanes
from benchmarks.gpu.sizes import FULL
from benchmarks.gpu.trainer import Recipe, Trainer
from course_utils.lessons.lesson_04.backbones import VGGMini

CLASSES = 200
PEAK_RATE = 0.2
BATCH_SIZE = 250
ATTEMPTS = ("crop and flip", "zoom, flip and light")


def read_class(folder: Path) -> Tensor:
    """The images of one class, uint8 (N, 32, 32, 3)."""
    images = [Image.open(path).convert("RGB") for path in sorted(folder.glob("*.JPEG"))]
    return torch.from_numpy(np.stack([np.asarray(image) for image in images]))


def read(folder: Path, classes: int = CLASSES) -> Images:
    """The images of the first classes of folder/<class>/*."""
    folders = sorted(path for path in folder.iterdir() if path.is_dir())[:classes]
    with ProcessPoolExecutor() as pool:
        by_class = list(pool.map(read_class, folders))
    counts = torch.tensor([len(images) for images in by_class])
    return Images(torch.cat(by_class), torch.arange(len(folders)).repeat_interleave(counts))


class ZoomTrainer(Trainer):
    """Cuts windows of 0.6 to 1.15 of an image's side, mirrors half of them, and changes contrast
    (0.7 to 1.3 times) and brightness (by up to 0.4 standard deviations).
    """

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        number = len(self.order)
        self.theta = torch.zeros(number, 2, 3, device=self.device)
        self.light = torch.zeros(number, 2, 1, 1, 1, device=self.device)

    def shuffle(self) -> None:
        super().shuffle()
        number = len(self.order)
        random = torch.rand(number, 6, generator=self.generator, device=self.device)
        side = 0.6 + 0.55 * random[:, 0]
        room = (1 - side).abs()[:, None]
        self.theta[:, 0, 0] = side * torch.where(random[:, 1] < 0.5, -1.0, 1.0)
        self.theta[:, 1, 1] = side
        self.theta[:, :, 2] = room * (2 * random[:, 2:4] - 1)
        self.light[:, 0] = (0.7 + 0.6 * random[:, 4]).view(-1, 1, 1, 1)
        self.light[:, 1] = (0.8 * random[:, 5] - 0.4).view(-1, 1, 1, 1)

    def batch(self, places: Tensor) -> tuple[Tensor, Tensor]:
        chosen = self.order[places]
        images = self.normalised(self.pixels[chosen], self.mean, self.std)
        grid = F.affine_grid(self.theta[places], [len(places), 3, 32, 32], align_corners=False)
        images = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
        light = self.light[places]
        return images * light[:, 0] + light[:, 1], self.labels[chosen]


def lanes(context: Context, train: Images, val: Images, epochs: int) -> list[Lane]:
    stats = channel_stats(train.pixels.cpu())
    made = []
    for name in ATTEMPTS:
        zoom = name.startswith("zoom")

        def job(trainer: Trainer, name=name) -> None:
            def watch(epoch: int) -> dict[str, float]:
                return {"val_accuracy_by_epoch": trainer.accuracy(val)}

            found = fit(context, trainer, seed=0, lr=PEAK_RATE, epochs=epochs, watch=watch)
            for key, value in trainer.model.state_dict().items():
                context.keep(f"{name}/{key}", value.half() if value.is_floating_point() else value)
            context.write(part="backbone", arm=name, **found)

        def make(zoom=zoom) -> Trainer:
            recipe = Recipe(
                "sgd",
                batch_size=BATCH_SIZE,
                rise=0.2,
                weight_decay=5e-4,
                padding=0 if zoom else 4,
                mirror=not zoom,
            )
            kind = ZoomTrainer if zoom else Trainer
            return kind(lambda: VGGMini(CLASSES), recipe, train, stats, max_epochs=epochs)

        made.append(Lane(name, make, [job]))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.gpu.backbone")
    parser.add_argument("--tiny", type=Path, required=True, help="folder with train/ and val/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=1e9, help="stop before so many are over")
    parser.add_argument("--mini", action="store_true", help="one class, one epoch")
    chosen = parser.parse_args()
    began = time.monotonic()
    chosen.out.mkdir(parents=True, exist_ok=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    classes = 1 if chosen.mini else CLASSES
    train, val = (read(chosen.tiny / part, classes).to(device) for part in ("train", "val"))
    stats = channel_stats(train.pixels.cpu())
    data = Data(whole=train, train=train, val=val, test=val, stats=stats)
    context = Context(data, FULL, chosen.out, began + chosen.seconds, began=began)
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    context.write(part="began", device=name, torch=torch.__version__, images=len(train))
    epochs = 1 if chosen.mini else chosen.epochs
    ready = captured(context, lanes(context, train, val, epochs), 0)
    run_lanes(context, ready, len(ATTEMPTS))
    context.save_arrays()
    context.write(part="ended")


if __name__ == "__main__":
    main()
