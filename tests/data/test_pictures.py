"""Pictures of every mode, format and state of repair."""

import io
import os
import random
import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from course_utils.data import pictures
from course_utils.data.pictures import read_picture

RED = [255, 0, 0]
GREEN = [0, 255, 0]
WHITE = [255, 255, 255]


def noise(height, width, channels=3, dtype=np.uint8):
    return np.random.default_rng(0).integers(
        0, np.iinfo(dtype).max, (height, width, channels), dtype, endpoint=True
    )


def pixels(path):
    """The picture as a list of rows of [red, green, blue], after the checks that hold for every
    picture.
    """
    image = read_picture(path)
    assert image.mode == "RGB"
    return np.asarray(image).tolist()


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".ppm", ".tif", ".TIFF"])
def test_exact_formats_come_back_pixel_for_pixel(tmp_path, suffix):
    values = noise(5, 7)
    Image.fromarray(values).save(tmp_path / f"x{suffix}")
    assert pixels(tmp_path / f"x{suffix}") == values.tolist()


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".jfif", ".webp", ".avif"])
def test_lossy_formats_come_back_nearly(tmp_path, suffix):
    Image.new("RGB", (9, 6), (200, 30, 90)).save(tmp_path / f"x{suffix}", quality=95)
    values = np.array(pixels(tmp_path / f"x{suffix}"))
    assert values.shape == (6, 9, 3)
    assert np.abs(values - (200, 30, 90)).max() <= 4


def test_grey_becomes_three_equal_channels(tmp_path):
    values = noise(4, 3, 1)[:, :, 0]
    Image.fromarray(values).save(tmp_path / "x.png")
    assert pixels(tmp_path / "x.png") == np.stack([values] * 3, axis=2).tolist()


def test_black_and_white_of_one_bit(tmp_path):
    image = Image.new("1", (2, 1))
    image.putpixel((1, 0), 1)
    image.save(tmp_path / "x.png")
    assert pixels(tmp_path / "x.png") == [[[0, 0, 0], WHITE]]


def test_transparent_grey_becomes_white(tmp_path):
    values = np.array([[[10, 255], [10, 0], [0, 128]]], dtype=np.uint8)
    Image.fromarray(values).save(tmp_path / "x.png")
    assert pixels(tmp_path / "x.png") == [[[10, 10, 10], WHITE, [127, 127, 127]]]


def test_transparent_colour_becomes_white(tmp_path):
    values = np.array([[[255, 0, 0, 255], [255, 0, 0, 0], [0, 0, 0, 128]]], dtype=np.uint8)
    Image.fromarray(values).save(tmp_path / "x.png")
    assert pixels(tmp_path / "x.png") == [[RED, WHITE, [127, 127, 127]]]


def palette_image():
    image = Image.new("P", (3, 1))
    image.putpalette([*RED, *GREEN, 0, 0, 255])
    image.putpixel((1, 0), 1)
    image.putpixel((2, 0), 2)
    return image


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [RED, GREEN, [0, 0, 255]]),
        ({"transparency": 1}, [RED, WHITE, [0, 0, 255]]),
        ({"transparency": b"\xff\x80\x00"}, [RED, [127, 255, 127], WHITE]),
    ],
)
def test_palettes_with_and_without_transparency(tmp_path, options, expected):
    palette_image().save(tmp_path / "x.png", **options)
    assert pixels(tmp_path / "x.png") == [expected]


def test_the_transparent_colour_of_a_gif_becomes_white(tmp_path):
    palette_image().save(tmp_path / "x.gif", transparency=1)
    assert pixels(tmp_path / "x.gif") == [[RED, WHITE, [0, 0, 255]]]


@pytest.mark.parametrize(("mode", "colour"), [("RGB", (1, 2, 3)), ("L", 7)])
def test_a_colour_that_stands_for_transparency_becomes_white(tmp_path, mode, colour):
    image = Image.new(mode, (2, 1), colour)
    image.putpixel((1, 0), (9, 9, 9) if mode == "RGB" else 9)
    image.save(tmp_path / "x.png", transparency=colour)
    assert pixels(tmp_path / "x.png") == [[WHITE, [9, 9, 9]]]


def test_an_animation_gives_its_first_frame(tmp_path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "lime")]
    frames[0].save(tmp_path / "x.gif", save_all=True, append_images=frames[1:], duration=10)
    assert pixels(tmp_path / "x.gif") == [[RED] * 4] * 4


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_cmyk_is_converted(tmp_path, suffix):
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / f"x{suffix}", quality=100)
    assert np.abs(np.array(pixels(tmp_path / f"x{suffix}")) - RED).max() <= 4


def test_16_bits_are_scaled_to_8(tmp_path):
    values = np.array([[0, 1, 128, 129, 257 * 77, 32768, 65407]], dtype=np.uint16)
    expected = [[[grey] * 3 for grey in (0, 0, 0, 1, 77, 128, 255)]]
    for suffix in (".png", ".tif", ".pgm"):
        Image.fromarray(values).save(tmp_path / f"x{suffix}")
        assert pixels(tmp_path / f"x{suffix}") == expected, suffix
    big_endian = Image.frombytes("I;16B", (7, 1), values.astype(">u2").tobytes())
    big_endian.save(tmp_path / "big.tif")
    assert pixels(tmp_path / "big.tif") == expected


def twelve_bits(path, values):
    """A TIFF of one row, 12 bits a pixel, as scanners for films and X-rays write it."""
    packed = bytearray()
    for one, other in zip(values[::2], values[1::2], strict=True):
        packed += bytes([one >> 4, (one & 15) << 4 | other >> 8, other & 255])
    entries = [
        (256, 3, len(values)), (257, 3, 1), (258, 3, 12), (259, 3, 1), (262, 3, 1),
        (273, 4, 8 + 2 + 8 * 12 + 4), (278, 3, 1), (279, 4, len(packed)),
    ]  # fmt: skip
    directory = struct.pack("<H", len(entries))
    for tag, kind, value in entries:
        directory += struct.pack("<HHI", tag, kind, 1) + struct.pack("<I", value)
    path.write_bytes(b"II*\0" + struct.pack("<I", 8) + directory + bytes(4) + bytes(packed))


def greys(path):
    """The grey of each pixel of the first row."""
    row = np.array(pixels(path)[0])
    assert (row == row[:, :1]).all()
    return row[:, 0].tolist()


def test_12_bits_are_scaled_to_8(tmp_path):
    twelve_bits(tmp_path / "x.tif", [0, 16, 2048, 4095])
    assert greys(tmp_path / "x.tif") == [0, 1, 128, 255]


def test_12_bits_in_16_where_the_file_says_so(tmp_path):
    values = np.array([[0, 16, 2048, 4095]], dtype=np.uint16)
    Image.fromarray(values).save(tmp_path / "x.tif", tiffinfo={281: 4095})
    assert greys(tmp_path / "x.tif") == [0, 1, 128, 255]


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (np.float32, [-1.0, 0.0, 0.5, 1.0, 3.0], [0, 0, 128, 255, 255]),  # highlights are cut
        (np.float32, [0.0, 51.0, 255.0], [0, 51, 255]),
        (np.float32, [0.0, 65535 * 0.2, 65535.0], [0, 51, 255]),
        (np.float32, [np.nan, 1.0], [0, 255]),
        (np.int32, [-5, 51, 255], [0, 51, 255]),
        (np.int32, [0, 257, 65535], [0, 1, 255]),
        (np.int32, [0, 2**30, 2**31 - 1], [0, 128, 255]),
    ],
)
def test_32_bits_have_the_first_usual_number_for_white_that_no_pixel_exceeds(
    tmp_path, kind, values, expected
):
    Image.fromarray(np.array([values], dtype=kind)).save(tmp_path / "x.tif")
    assert greys(tmp_path / "x.tif") == expected


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_is_turned_upright(tmp_path, orientation, suffix):
    upright = Image.fromarray(noise(2, 3))
    undo = {5: 5, 6: 8, 8: 6, 7: 7}.get(orientation, orientation)
    stored = upright if undo == 1 else upright.transpose(pictures._TURNS[undo])
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / f"x{suffix}", exif=exif)
    assert pixels(tmp_path / f"x{suffix}") == np.asarray(upright).tolist()


def turned_and_damaged(path, damage):
    """A JPEG, turned, red above blue, with EXIF that `damage` changes."""
    image = Image.new("RGB", (16, 8), "blue")
    image.paste("red", (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the file's left is up
    exif[0x010F] = "A camera"
    image.save(path, exif=damage(exif.tobytes()), quality=100)


@pytest.mark.parametrize(
    ("damage", "turned"),
    [
        (lambda exif: exif, True),
        (lambda exif: exif.replace(b"A camera", b""), True),  # an entry points past the end
        (lambda exif: exif[:20], False),
        (lambda exif: exif[:6] + b"\xff" * 40, False),
        (lambda exif: b"Exif\0\0", False),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_damaged_exif_costs_the_turn_at_most(tmp_path, damage, turned):
    turned_and_damaged(tmp_path / "x.jpg", damage)
    values = np.array(pixels(tmp_path / "x.jpg"))
    assert values.shape == ((16, 8, 3) if turned else (8, 16, 3))
    top_left, bottom_right = values[1, 1], values[-2, -2]
    assert top_left[0] > 250 and bottom_right[2] > 250  # red, blue


@pytest.mark.parametrize("name", ["schöne Katze 猫 1.png", "with space.png", "x.y.z.png"])
def test_names_of_any_script(tmp_path, name):
    Image.new("RGB", (2, 1), "red").save(tmp_path / name)
    assert pixels(tmp_path / name) == [[RED, RED]]


@pytest.mark.parametrize("content", [b"", b"\0", b"This is text.\n" * 50, b"\xff\xd8\xff"])
def test_what_is_no_picture_is_named(tmp_path, content):
    path = tmp_path / "ein Bild é.jpg"
    path.write_bytes(content)
    message = f"cannot read the picture {path}: not a picture; repair it or remove it"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        read_picture(path)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".gif", ".bmp", ".webp"])
def test_a_truncated_picture_is_named(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    Image.fromarray(noise(60, 60)).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(
        ValueError,
        match=f"^cannot read the picture {re.escape(str(path))}: .+; repair it or remove it$",
    ):
        read_picture(path)


def test_a_picture_that_is_not_there_is_named(tmp_path):
    with pytest.raises(
        ValueError,
        match=f"^cannot read the picture {re.escape(str(tmp_path / 'x.png'))}: .*No such file",
    ):
        read_picture(tmp_path / "x.png")


def test_a_bomb_is_refused_before_it_takes_memory(tmp_path):
    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n" + header + body)
    with pytest.raises(
        ValueError, match=r"^cannot read the picture .*x\.png: .*3600000000 pixels.*; repair it or"
    ):
        read_picture(tmp_path / "x.png")


@pytest.mark.filterwarnings("ignore")
def test_damage_of_any_kind_gives_a_picture_or_that_error(tmp_path):
    chance = random.Random(0)
    path = tmp_path / "x.png"
    for kind in ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM"):
        whole = io.BytesIO()
        Image.fromarray(noise(9, 11)).save(whole, kind)
        for _ in range(30):
            damaged = bytearray(whole.getvalue())
            for _ in range(chance.choice((1, 3, 20))):
                damaged[chance.randrange(min(len(damaged), 200))] = chance.randrange(256)
            path.write_bytes(damaged)
            try:
                assert read_picture(path).mode == "RGB"
            except ValueError as error:
                assert str(error).startswith(f"cannot read the picture {path}: ")
                assert "\n" not in str(error)


# With a size


@pytest.mark.parametrize(
    ("side", "expected"),
    [((40, 30), (10, 8)), ((6, 8), (8, 10)), ((8, 8), (8, 8)), ((1, 1), (8, 8))],
)
def test_the_shorter_side_gets_the_size(tmp_path, side, expected):
    Image.new("RGB", side, (9, 99, 199)).save(tmp_path / "x.png")
    small = read_picture(tmp_path / "x.png", 8)
    assert small.size == expected
    assert small.getcolors() == [(small.width * small.height, (9, 99, 199))]


def test_scaling_down_averages(tmp_path):
    Image.fromarray(noise(256, 256)).save(tmp_path / "x.png")
    small = np.asarray(read_picture(tmp_path / "x.png", 4)).astype(float)
    assert np.abs(small - 127.5).max() < 10  # single pixels would lie anywhere from 0 to 255


def test_a_large_jpeg_decoded_small_looks_as_decoded_whole(tmp_path):
    waves = np.sin(np.linspace(0, 9, 800)[:, None] + np.linspace(0, 7, 1200)) * 100 + 128
    Image.fromarray(waves.astype(np.uint8)).convert("RGB").save(tmp_path / "x.jpg", quality=95)
    small = read_picture(tmp_path / "x.jpg", 32)
    whole = read_picture(tmp_path / "x.jpg").resize((48, 32), Image.Resampling.BOX)
    assert small.size == (48, 32)
    assert np.abs(np.asarray(small).astype(float) - np.asarray(whole)).max() < 6


def test_of_a_panorama_the_middle_is_scaled_up(tmp_path):
    Image.new("L", (2_000_000, 1), 77).save(tmp_path / "x.png")
    square = read_picture(tmp_path / "x.png", 224)  # scaled whole: 300 GB
    assert square.size == (8 * 224, 224)


def test_a_file_is_decoded_once_until_it_changes(tmp_path, monkeypatch):
    decoded = []
    decode = pictures._decode
    monkeypatch.setattr(
        pictures, "_decode", lambda path, size: decoded.append(size) or decode(path, size)
    )
    path = tmp_path / "x.png"
    Image.new("RGB", (9, 9), "red").save(path)
    first = read_picture(path, 8)
    first.paste("lime", (0, 0, 8, 8))  # the user's own copy
    assert read_picture(path, 8).getpixel((0, 0)) == (255, 0, 0)
    assert decoded == [8]
    read_picture(path, 4)
    read_picture(path)
    assert decoded == [8, 4, 0]
    Image.new("RGB", (9, 9), "blue").save(path)
    os.utime(path, ns=(0, 0))
    assert read_picture(path, 8).getpixel((0, 0)) == (0, 0, 255)


def test_what_is_kept_is_limited(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "KEPT_BYTES", pictures._kept_bytes + 3 * 8 * 8)
    before = len(pictures._kept)
    for name in ("a.png", "b.png"):
        Image.new("RGB", (8, 8), "red").save(tmp_path / name)
        assert read_picture(tmp_path / name, 8).size == (8, 8)
    assert len(pictures._kept) == before + 1


def test_a_bad_picture_is_named_with_a_size_too(tmp_path):
    for name, content in (("x.png", b"no picture"), ("missing.png", None)):
        if content:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(
            ValueError, match=f"^cannot read the picture {re.escape(str(tmp_path / name))}: "
        ):
            read_picture(tmp_path / name, 8)
