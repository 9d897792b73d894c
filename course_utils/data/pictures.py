"""Any photo that a camera, a phone or a scanner writes -> RGB."""

import struct
import unicodedata
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError, features
from torchvision.transforms import v2

SUFFIXES = (
    ".jpg", ".jpeg", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm",
)  # fmt: skip
OPTIONAL = (".avif", ".heic", ".heif")  # not every installation can read these
SYSTEM_FOLDERS = {
    "@eadir", "__macosx", "#recycle", "$recycle.bin", "lost+found", "system volume information",
}  # fmt: skip
KEPT_BYTES = 2**29  # how many bytes of pictures are kept once they were read

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_BITS_PER_SAMPLE, _MAX_SAMPLE_VALUE = 258, 281  # tags of TIFF
_LONGEST = 8  # times the shorter side: of a longer panorama, scaled up, a cut is kept

_kept: dict[tuple[str, int, int], Image.Image] = {}
_kept_bytes = 0


def read_picture(path: str | Path, size: int = 0) -> Image.Image:
    """Read a picture: a PIL image, mode RGB.

    Grey, palette, CMYK and 12-, 16- and 32-bit pictures are converted, transparent parts become
    white, and a photo that the camera marked as turned is turned upright. Of an animation the first
    frame is taken. With a `size` the picture comes scaled so that its shorter side has so many
    pixels; a large JPEG is then decoded small at once, in a fraction of the time, and a file is
    decoded once a process, however often it is asked for.

    Raises:
        ValueError: if the file is no picture that can be read; the message names it.
    """
    path = Path(path).expanduser()
    try:
        return _read_small(path, size) if size else _decode(path, 0)
    except (Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        said = getattr(error, "strerror", None) or error  # the system's errors repeat the path
        reason = "not a picture" if isinstance(error, UnidentifiedImageError) else said
        way_out = "repair it or remove it"
        raise ValueError(f"cannot read the picture {path}: {reason}; {way_out}") from None


def _read_small(path: Path, size: int) -> Image.Image:
    global _kept_bytes
    key = str(path), path.stat().st_mtime_ns, size
    if key not in _kept:
        picture = _scale(_decode(path, size), size)
        cost = 3 * picture.width * picture.height
        if _kept_bytes + cost > KEPT_BYTES:
            return picture
        _kept[key] = picture
        _kept_bytes += cost
    return _kept[key].copy()


def _scale(picture: Image.Image, size: int) -> Image.Image:
    """The shorter side -> `size` pixels, by the transform that a pipeline would use."""
    short = min(picture.size)
    if short == size:
        return picture
    if max(picture.size) > _LONGEST * short:
        middle = v2.CenterCrop([min(side, _LONGEST * short) for side in picture.size[::-1]])
        picture = middle(picture)
    scaled = v2.Resize([size])(v2.functional.pil_to_tensor(picture))
    return v2.functional.to_pil_image(scaled)


def _decode(path: Path, size: int) -> Image.Image:
    can_read(path.suffix)  # has Pillow learn HEIC
    with Image.open(path) as image:
        if size:
            image.draft(None, (2 * size, 2 * size))  # JPEG only: its blocks are decoded smaller
        image.load()
        turn = _turn(image)
        picture = _to_rgb(image)
    return picture if turn is None else picture.transpose(turn)


def _turn(image: Image.Image) -> Image.Transpose | None:
    """How to turn the picture upright."""
    exif = image.info.get("exif", b"")
    try:
        found = _orientation(exif) or image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # Pillow raises errors of many kinds on damaged EXIF
        return None
    return _TURNS.get(found or 0)


def _orientation(exif: bytes) -> int:
    """The number for how a camera was held, 0 if it is not there.

    Pillow gives up all of a damaged EXIF; here the one entry is read, whatever the others hold.
    """
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 10:
        return 0
    (start,) = struct.unpack_from(order + "I", tiff, 4)
    (count,) = struct.unpack_from(order + "H", tiff, start) if start + 2 <= len(tiff) else (0,)
    for entry in range(start + 2, min(start + 2 + 12 * count, len(tiff) - 11), 12):
        tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, entry)
        if (tag, kind) == (ExifTags.Base.Orientation, 3):
            return value
    return 0


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image.convert("I") if image.mode.startswith("I;16") else image)
        values = np.nan_to_num(values.astype(np.float64))
        share = (values / _white(values, image)).clip(0, 1)
        return Image.fromarray(np.rint(share * 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _white(values: np.ndarray, image: Image.Image) -> float:
    """The number that stands for white in a grey picture of more than 8 bits.

    A file of 12 or 16 bits says it. One of 32 bits does not: the first usual number that no pixel
    exceeds. Floats have 1 for white, and highlights above it.
    """
    tags = getattr(image, "tag_v2", {})
    if image.mode.startswith("I;16") or not tags:
        bits = tags.get(_BITS_PER_SAMPLE, (16,))[0]
        said = tags.get(_MAX_SAMPLE_VALUE, 0)
        return float(np.max(said) or 2**bits - 1)
    if image.mode == "F" and values.max() <= 4:
        return 1.0
    usual = (255, 4095, 65535, 2**31 - 1, 2**32 - 1)
    return float(next((white for white in usual if values.max() <= white), values.max()))


def can_read(suffix: str) -> bool:
    """Whether files of this kind can be read here; HEIC needs the package pillow-heif."""
    suffix = suffix.lower()
    if suffix == ".avif":
        return bool(features.check("avif"))
    if suffix in OPTIONAL:
        if find_spec("pillow_heif") is None:
            return False
        import pillow_heif  # here: whoever has no HEIC pictures does not wait for it

        pillow_heif.register_heif_opener()
        return True
    return suffix in SUFFIXES


def is_visible(path: Path) -> bool:
    """Whether a file or folder is the user's own, not hidden and not the system's."""
    return not path.name.startswith(".") and path.name.lower() not in SYSTEM_FOLDERS


def class_name(folder: Path) -> str:
    """A folder's name, with each accent in one piece: macOS writes names in two pieces.

    Raises:
        ValueError: if it is no text, as names are that an archive in another encoding left.
    """
    try:
        folder.name.encode()
    except UnicodeEncodeError:
        raise ValueError(f"class {folder.name!r}: its name is no text: rename the folder") from None
    return unicodedata.normalize("NFC", folder.name)


def list_pictures(folder: Path) -> Iterator[Path]:
    """All files in a folder, and in its folders, that are pictures by their suffix, in order.

    Raises:
        ValueError: if a link leads back to a folder above it: its pictures would count again and
            again.
    """
    if folder.resolve() in [above.resolve() for above in folder.parents]:
        raise ValueError(f"the folder {folder} leads round to itself: remove that link")
    for path in sorted(folder.iterdir()):
        if not is_visible(path):
            continue
        if path.is_dir():
            yield from list_pictures(path)
        elif path.suffix.lower() in SUFFIXES + OPTIONAL and path.is_file():
            yield path
