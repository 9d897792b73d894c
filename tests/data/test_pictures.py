"""Pictures of every mode, format and state of repair."""

import io
import random
import re
import shutil
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from course_utils.data.pictures import (
    SUFFIXES,
    ImageFiles,
    list_folder,
    load_images,
    read_image,
    resize_to_square,
)

RED, GREEN, WHITE = [255, 0, 0], [0, 255, 0], [255, 255, 255]


def noise(height, width, channels=3, dtype=np.uint8):
    return np.random.default_rng(0).integers(
        0, np.iinfo(dtype).max, (height, width, channels), dtype, endpoint=True
    )


def pixels(path):
    """The picture as a list of rows of [red, green, blue], after the checks that hold for every
    picture.
    """
    image = read_image(path)
    assert image.dtype == torch.uint8
    assert image.ndim == 3
    assert image.shape[0] == 3
    return image.permute(1, 2, 0).tolist()


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".ppm", ".tif", ".TIFF"])
def test_exact_formats_come_back_pixel_for_pixel(tmp_path, suffix):
    values = noise(5, 7)
    Image.fromarray(values).save(tmp_path / f"x{suffix}")
    assert torch.equal(
        read_image(tmp_path / f"x{suffix}"), torch.from_numpy(values).permute(2, 0, 1)
    )


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".webp"])
def test_lossy_formats_come_back_nearly(tmp_path, suffix):
    Image.new("RGB", (9, 6), (200, 30, 90)).save(tmp_path / f"x{suffix}", quality=95)
    image = read_image(tmp_path / f"x{suffix}")
    assert image.shape == (3, 6, 9)
    assert (image.float() - torch.tensor([200, 30, 90]).view(3, 1, 1)).abs().max() <= 4


def test_grey_becomes_three_equal_channels(tmp_path):
    values = noise(4, 3, 1)[:, :, 0]
    Image.fromarray(values).save(tmp_path / "x.png")
    assert torch.equal(read_image(tmp_path / "x.png"), torch.from_numpy(values).expand(3, 4, 3))


def test_black_and_white_of_one_bit(tmp_path):
    image = Image.new("1", (2, 1))
    image.putpixel((1, 0), 1)
    image.save(tmp_path / "x.png")
    assert pixels(tmp_path / "x.png") == [[[0, 0, 0], WHITE]]


def test_transparent_grey_becomes_white(tmp_path):
    values = np.array([[[10, 255], [10, 0], [0, 128]]], dtype=np.uint8)
    Image.fromarray(values, "LA").save(tmp_path / "x.png")
    assert pixels(tmp_path / "x.png") == [[[10, 10, 10], WHITE, [127, 127, 127]]]


def test_transparent_colour_becomes_white(tmp_path):
    values = np.array([[[255, 0, 0, 255], [255, 0, 0, 0], [0, 0, 0, 128]]], dtype=np.uint8)
    Image.fromarray(values, "RGBA").save(tmp_path / "x.png")
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
    red = torch.tensor(RED).view(3, 1, 1)
    assert (read_image(tmp_path / f"x{suffix}").float() - red).abs().max() <= 4


def test_16_bits_are_scaled_to_8(tmp_path):
    values = np.array([[0, 1, 128, 129, 257 * 77, 32768, 65407]], dtype=np.uint16)
    expected = [[[grey] * 3 for grey in (0, 0, 0, 1, 77, 128, 255)]]
    for suffix in (".png", ".tif", ".pgm"):
        Image.fromarray(values).save(tmp_path / f"x{suffix}")
        assert pixels(tmp_path / f"x{suffix}") == expected, suffix
    big_endian = Image.frombytes("I;16B", (7, 1), values.astype(">u2").tobytes())
    big_endian.save(tmp_path / "big.tif")
    assert pixels(tmp_path / "big.tif") == expected


def test_numbers_of_32_bits_are_cut_to_the_range(tmp_path):
    Image.fromarray(np.array([[-1.0, 0.0, 0.5, 1.0, 3.0]], dtype=np.float32)).save(
        tmp_path / "x.tif"
    )
    assert pixels(tmp_path / "x.tif") == [[[grey] * 3 for grey in (0, 0, 128, 255, 255)]]
    Image.fromarray(np.array([[-5, 257, 2**31 - 1]], dtype=np.int32)).save(tmp_path / "y.tif")
    assert pixels(tmp_path / "y.tif") == [[[grey] * 3 for grey in (0, 1, 255)]]


def test_a_turned_photo_is_turned_upright(tmp_path):
    image = Image.new("RGB", (16, 8), "blue")
    image.paste("red", (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the file's left is up
    image.save(tmp_path / "x.jpg", exif=exif, quality=100)
    upright = read_image(tmp_path / "x.jpg")
    assert upright.shape == (3, 16, 8)
    assert upright[0, 2].min() > 250  # red above
    assert upright[2, -2].min() > 250  # blue below


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
        read_image(path)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".gif", ".bmp", ".webp"])
def test_a_truncated_picture_is_named(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    Image.fromarray(noise(60, 60)).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(
        ValueError,
        match=f"^cannot read the picture {re.escape(str(path))}: .+; repair it or remove it$",
    ):
        read_image(path)


def test_a_picture_that_is_not_there_is_named(tmp_path):
    with pytest.raises(
        ValueError,
        match=f"^cannot read the picture {re.escape(str(tmp_path / 'x.png'))}: .*No such file",
    ):
        read_image(tmp_path / "x.png")


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
        read_image(tmp_path / "x.png")


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
                assert read_image(path).shape[0] == 3
            except ValueError as error:
                assert str(error).startswith(f"cannot read the picture {path}: ")
                assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("height", "width"), [(1, 1), (8, 8), (5, 9), (9, 5), (1, 300), (300, 1), (64, 64)]
)
def test_any_size_becomes_a_square(height, width):
    square = resize_to_square(torch.full((3, height, width), 77, dtype=torch.uint8), 8)
    assert square.shape == (3, 8, 8)
    assert square.dtype == torch.uint8
    assert square.unique().tolist() == [77]


def test_the_middle_is_what_remains():
    wide = torch.zeros(3, 10, 30, dtype=torch.uint8)
    wide[:, :, 10:20] = 200
    assert resize_to_square(wide, 5).unique().tolist() == [200]
    assert resize_to_square(wide.transpose(1, 2), 5).unique().tolist() == [200]


def test_scaling_down_averages():
    small = resize_to_square(torch.from_numpy(noise(3, 256, 256)), 4)
    assert (
        small.float() - 127.5
    ).abs().max() < 10  # single pixels would lie anywhere from 0 to 255


def test_a_square_of_the_right_size_is_left_alone():
    image = torch.from_numpy(noise(3, 32, 32))
    assert torch.equal(resize_to_square(image, 32), image)


def test_a_panorama_is_cut_before_it_is_scaled_up():
    square = resize_to_square(
        torch.ones(3, 1, 2_000_000, dtype=torch.uint8), 224
    )  # scaled whole: 300 GB
    assert square.shape == (3, 224, 224)


def test_a_folder_is_listed_by_class_and_name(make_folder):
    folder = make_folder({"train": {"dog": 2, "cat": 1, "Ähre 2": 1}}) / "train"
    paths, names = list_folder(folder)
    assert [path.relative_to(folder).as_posix() for path in paths] == [
        "cat/0.png",
        "dog/0.png",
        "dog/1.png",
        "Ähre 2/0.png",
    ]
    assert names == ["cat", "dog", "dog", "Ähre 2"]


def test_stray_files_are_passed_over(make_folder):
    folder = make_folder({"train": {"cat": 1}}) / "train"
    for stray in (
        "notes.txt",
        "cat/.DS_Store",
        "cat/Thumbs.db",
        "cat/notes.txt",
        "cat/._0.png",
        "cat/.png",
        "cat/png",
    ):
        (folder / stray).write_bytes(b"stray")
    for nested in (".hidden", "cat/nested", "cat/folder.png"):
        (folder / nested).mkdir()
        shutil.copy(folder / "cat" / "0.png", folder / nested / "1.png")
    assert list_folder(folder) == ([folder / "cat" / "0.png"], ["cat"])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_suffix_counts_in_capitals_too(tmp_path, suffix):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / f"A{suffix.upper()}").touch()
    (tmp_path / "cat" / f"b{suffix}").touch()
    assert [path.name for path in list_folder(tmp_path)[0]] == [f"A{suffix.upper()}", f"b{suffix}"]


def test_a_folder_that_is_none_is_named(tmp_path):
    message = (
        f"no folder {tmp_path / 'train'}: an image folder holds train/<class>/* and test/<class>/*"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        list_folder(tmp_path / "train")


def test_a_folder_without_classes_is_named(tmp_path):
    Image.new("RGB", (1, 1)).save(tmp_path / "0.png")
    message = f"no class in {tmp_path}: put each class's pictures in a folder of its own, {tmp_path.name}/<class>/*"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        list_folder(tmp_path)


def test_a_class_without_pictures_is_named(make_folder):
    folder = make_folder({"train": {"cat": 1}}) / "train"
    (folder / "dog").mkdir()
    (folder / "dog" / "notes.txt").touch()
    message = f"no picture in {folder / 'dog'}: put some there ({', '.join(SUFFIXES)}) or remove it"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        list_folder(folder)


def mixed_pictures(folder):
    for name, values in (("a.png", noise(8, 8)), ("b.png", noise(5, 20)), ("c.jpg", noise(30, 12))):
        Image.fromarray(values).save(folder / name)
    return sorted(folder.iterdir())


def test_pictures_left_on_disk_equal_those_in_memory(tmp_path):
    paths = mixed_pictures(tmp_path)
    bytes_needed = 3 * 3 * 8 * 8
    images, files = (
        load_images(paths, 8, memory=bytes_needed),
        load_images(paths, 8, memory=bytes_needed - 1),
    )
    assert isinstance(images, torch.Tensor)
    assert isinstance(files, ImageFiles)
    assert images.shape == (3, 3, 8, 8)
    assert images.dtype == torch.uint8
    assert len(files) == 3
    assert torch.equal(images, torch.stack([files[index] for index in range(3)]))
    assert torch.equal(images[0], torch.from_numpy(noise(8, 8)).permute(2, 0, 1))
    assert torch.equal(images[-1], files[-1])


def test_no_pictures():
    assert load_images([], 8).shape == (0, 3, 8, 8)


def test_a_bad_picture_is_named_when_it_is_read(tmp_path):
    paths = mixed_pictures(tmp_path)
    paths[1].write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"b\.png: not a picture"):
        load_images(paths, 8)
    files = load_images(paths, 8, memory=0)
    assert files[0].shape == (3, 8, 8)
    with pytest.raises(ValueError, match=r"b\.png: not a picture"):
        files[1]
