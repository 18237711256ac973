"""Photos: real pictures only, upright, and nothing beside the pixels."""

from __future__ import annotations

import io
from hashlib import sha256, sha512
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageChops, PngImagePlugin

from hotrod.errors import InvalidInputError
from hotrod.repairs.photos import CleanPhoto, sanitize
from hotrod.sections import ObjectSettings

LIMITS = ObjectSettings()
TYPES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
SECRET = b"45 Hidden Street"


def two_colors() -> Image.Image:
    """A wide picture, red on its left half and blue on its right."""
    picture = Image.new("RGB", (64, 32), "#0000ff")
    picture.paste("#ff0000", (0, 0, 32, 32))
    return picture


def full_exif(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.ImageDescription] = SECRET.decode()
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef] = "N"
    gps[ExifTags.GPS.GPSLatitude] = (45.0, 25.0, 12.0)
    return exif


def encoded(form: str, picture: Image.Image | None = None, **options: Any) -> bytes:
    out = io.BytesIO()
    (picture or two_colors()).save(out, form, **options)
    return out.getvalue()


def loaded_with_metadata(form: str) -> bytes:
    options: dict[str, Any] = {"exif": full_exif(), "icc_profile": SECRET}
    if form == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text("Comment", SECRET.decode())
        info.add_itxt("XML:com.adobe.xmp", SECRET.decode())
        options["pnginfo"] = info
    elif form == "MPO":
        options |= {"save_all": True, "append_images": [two_colors()]}
    else:
        options["xmp"] = SECRET
    if form == "JPEG":
        options["comment"] = SECRET
    return encoded(form, **options)


def clean(data: bytes, content_type: str, limits: ObjectSettings = LIMITS) -> CleanPhoto:
    return sanitize(data, content_type, limits, field="photos.0")


@pytest.mark.parametrize("form", TYPES)
def test_nothing_but_the_picture_stays(form: str) -> None:
    data = loaded_with_metadata(form)
    assert SECRET in data
    photo = clean(data, TYPES[form])
    assert SECRET not in photo.data
    assert photo.content_type == TYPES[form]
    assert photo.sha256 == sha256(photo.data).hexdigest()
    with Image.open(io.BytesIO(photo.data)) as kept:
        assert kept.get_format_mimetype() == photo.content_type
        assert not kept.getexif()
        assert not kept.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        assert (
            not set(kept.info)
            - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
            - {*("background", "loop", "duration", "timestamp")}
        )
        assert kept.size == (photo.width, photo.height) == (64, 32)
        difference = ImageChops.difference(kept.convert("RGB"), two_colors())
        assert max(difference.tobytes()) < 100, "still the same picture"


@pytest.mark.parametrize(
    ("orientation", "size", "red"),
    [
        (1, (64, 32), (4, 16)),
        (2, (64, 32), (60, 16)),
        (3, (64, 32), (60, 16)),
        (4, (64, 32), (4, 16)),
        (5, (32, 64), (16, 4)),
        (6, (32, 64), (16, 4)),
        (7, (32, 64), (16, 60)),
        (8, (32, 64), (16, 60)),
        (99, (64, 32), (4, 16)),
    ],
)
def test_a_picture_is_turned_upright(
    orientation: int, size: tuple[int, int], red: tuple[int, int]
) -> None:
    photo = clean(encoded("JPEG", exif=full_exif(orientation)), "image/jpeg")
    assert (photo.width, photo.height) == size
    with Image.open(io.BytesIO(photo.data)) as kept:
        pixel = kept.getpixel(red)
        assert isinstance(pixel, tuple)
        assert pixel[0] > 200
        assert pixel[2] < 60


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_pictures_of_all_modes_are_taken(mode: str) -> None:
    given_mode = two_colors().convert("L") if mode == "I;16" else two_colors()
    photo = clean(encoded("PNG", given_mode.convert(mode)), "image/png")
    with Image.open(io.BytesIO(photo.data)) as kept:
        assert kept.mode == ("RGBA" if mode in {"LA", "RGBA"} else "RGB")


def test_print_colors_and_transparency_survive() -> None:
    assert clean(encoded("JPEG", two_colors().convert("CMYK")), "image/jpeg").width == 64
    glass = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    with Image.open(io.BytesIO(clean(encoded("WEBP", glass), "image/webp").data)) as kept:
        assert kept.convert("RGBA").getpixel((0, 0))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize(
    "declared", ["image/jpeg", "IMAGE/JPG", "image/pjpeg; q=1", " image/jpeg "]
)
def test_the_declared_type_may_be_written_as_browsers_do(declared: str) -> None:
    assert clean(encoded("JPEG"), declared).extension == "jpg"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("declared", ["", "image/heic", "text/html", "image/gif"])
def test_another_type_than_declared_is_refused(form: str, declared: str) -> None:
    with pytest.raises(InvalidInputError, match="another type"):
        clean(encoded(form), declared)


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF", "ICO", "PDF"])
def test_other_formats_are_refused_by_name_of_those_taken(form: str) -> None:
    with pytest.raises(InvalidInputError, match="JPEG, PNG or WebP"):
        clean(encoded(form), "image/jpeg")


def test_too_many_bytes_or_pixels_are_refused() -> None:
    data = encoded("PNG")
    tight = ObjectSettings(max_photo_bytes=1024, max_photo_pixels=10_000)
    with pytest.raises(InvalidInputError, match="too large"):
        clean(data.ljust(1025), "image/png", tight)
    assert clean(encoded("PNG", Image.new("RGB", (100, 100))), "image/png", tight).width == 100
    with pytest.raises(InvalidInputError, match="too many pixels"):
        clean(encoded("PNG", Image.new("RGB", (101, 100))), "image/png", tight)


@given(
    form=st.sampled_from(sorted(TYPES)),
    seed=st.integers(0, 2**32),
    cuts=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 12), st.binary(max_size=12))),
)
@settings(max_examples=150)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_any_damage_is_survived(form: str, seed: int, cuts: list[tuple[float, int, bytes]]) -> None:
    noise = Image.frombytes("RGB", (16, 16), sha512(str(seed).encode()).digest() * 12)
    more = {"save_all": True, "append_images": [two_colors()]} if form == "MPO" else {}
    data = bytearray(encoded(form, noise, exif=full_exif(6), **more))
    for place, length, inserted in cuts:
        start = int(place * len(data))
        data[start : start + length] = inserted
    try:
        photo = clean(bytes(data), TYPES[form])
    except InvalidInputError as error:
        assert (error.field, bool(error.cure)) == ("photos.0", True)  # noqa: PT017
    else:
        assert SECRET not in photo.data
