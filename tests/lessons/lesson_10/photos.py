"""A folder as cameras, scanners and people leave it: odd sizes, modes, names, files, and one picture
in training and in test.
"""

from pathlib import Path

import numpy as np
from PIL import Image

NAMES = ("Äpfel & Birnen", "dog $5", "кошка")
MODES = ("RGB", "L", "RGBA", "P", "CMYK", "1", "LA", "I;16")


def photo(label: int, number: int) -> Image.Image:
    """Noise with a square whose colour and place tell the label; no two have the same size."""
    rng = np.random.default_rng((label, number))
    width, height = 40 + 3 * number, 90 - 4 * number
    values = rng.integers(0, 90, (height, width, 3), dtype=np.uint8)
    middle, half = (height // 2, width // 2), 10 + 2 * label
    rows, columns = (slice(m - half, m + half) for m in middle)
    values[rows, columns, label] = 255
    return Image.fromarray(values)


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    return image.convert(mode)


def make_photos(folder: Path) -> Path:
    """Write the folder: ten training and four test pictures of each of three classes, and faults."""
    for label, name in enumerate(NAMES):
        for number in range(14):
            home = folder / ("train" if number < 10 else "test") / name
            home.mkdir(parents=True, exist_ok=True)
            mode = MODES[number % len(MODES)]
            suffix = {"CMYK": ".tif", "RGB": ".JPG"}.get(mode, ".png")
            in_mode(photo(label, number), mode).save(home / f"photo {number} ü{suffix}")
    first = folder / "train" / NAMES[0]
    photo(0, 3).save(folder / "test" / NAMES[0] / "holiday.png")
    photo(0, 3).save(first / "holiday again.bmp")
    (first / "cut off.jpg").write_bytes((first / "photo 0 ü.JPG").read_bytes()[:300])
    (first / "no picture.png").write_text("no picture", encoding="utf-8")
    (first / "notes.txt").write_text("remember the milk", encoding="utf-8")
    (first / ".hidden.png").write_text("", encoding="utf-8")
    turned = Image.Exif()
    turned[274] = 6  # the camera was held upright
    photo(1, 20).resize((300, 200)).save(folder / "train" / NAMES[1] / "turned.jpg", exif=turned)
    Image.new("RGB", (1200, 6), "teal").save(folder / "train" / NAMES[2] / "panorama.png")
    return folder
