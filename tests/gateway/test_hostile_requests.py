"""Bad input at the front door: refused with a reason, or stored harmless; never a 500."""

from __future__ import annotations

import gc
import io
import json
import struct
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from hotrod.repairs.intake import RepairRequest
from tests.gateway.conftest import NEW, Door, assert_problem, json_photo, picture

BOMB_PIXELS = (30_000, 30_000)


def png_header(size: tuple[int, int]) -> bytes:
    """Return a PNG that claims a size and ends there: small on the wire, huge when decoded."""
    data = b"IHDR" + struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + data + struct.pack(">I", zlib.crc32(data))
    return b"\x89PNG\r\n\x1a\n" + chunk + b"\x00\x00\x00\x00IDAT"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'customer_name': 'Ada'}",
        b'{"customer_name": NaN}',
        b'{"customer_name": -Infinity}',
        b'{"customer_name": ' + b"9" * 5000 + b"}",
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"[" * 100_000,
        b'"text"',
        b"[]",
        b"null",
        b"\xff\xfe\xfa",
        b'{"customer_name": "\x00"}',
    ],
    ids=lambda body: body[:12].decode("latin-1"),
)
async def test_what_is_not_a_json_object_is_a_bad_request(door: Door, body: bytes) -> None:
    assert_problem(await door.raw(body), 400)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("customer_name", 7),
        ("customer_name", None),
        ("customer_name", " \t "),
        ("customer_name", "x" * 10_000),
        ("customer_name", "Ada\nBcc: all@example.com"),
        ("customer_name", "Ada\u2028Byron"),
        ("customer_name", "Ada\x00Byron"),
        ("customer_name", "\ud800"),
        ("customer_name", {"$ne": ""}),
        ("customer_email", "ada"),
        ("customer_email", "ada@example.com\r\nBcc: all@example.com"),
        ("customer_email", "ada@example.com, all@example.com"),
        ("customer_email", "Ada <ada@example.com>"),
        ("customer_email", '"Bcc: all@example.com\n"@example.com'),
        ("customer_email", "ada@localhost"),
        ("customer_email", "ada@[127.0.0.1]"),
        ("customer_email", f"{'a' * 300}@example.com"),
        ("customer_email", ["ada@example.com"]),
        ("customer_phone", "call me"),
        ("customer_phone", "1" * 39),
        ("customer_phone", 6135550142),
        ("device_type", "spaceship"),
        ("device_type", ["console"]),
        ("device_type", "\udfff"),
        ("brand", "x" * 61),
        ("brand", "\ufb2c" * 60),
        ("model", "PS5\x1b[31m"),
        ("serial", True),
        ("problem", "x" * 5001),
        ("problem", "beep\x07"),
        ("problem", 1e308),
        ("urgency", "RIGHT NOW"),
        ("business", "nobody"),
        ("business", "teelixir"),
        ("business", "__proto__"),
        ("photos", "all of them"),
        ("photos", {"0": "a"}),
        ("photos", [None]),
        ("photos", [[[[]]]]),
        ("photos", [{"filename": "a", "content_type": "image/png"}]),
        ("photos", [{"filename": "a", "content_type": "image/png", "data_base64": "%%%"}]),
        ("photos", [{"filename": "a", "content_type": "image/png", "data_base64": "é"}]),
        ("photos", [{"filename": "a", "content_type": 1, "data_base64": ""}]),
        ("photos", [json_photo(picture())] * 9),
        ("status", "approved"),
        ("<script>alert(1)</script>", 1),
        ("x" * 10_000, 1),
    ],
)
async def test_a_wrong_field_is_named_with_its_cure(door: Door, field: str, value: object) -> None:
    body = json.dumps(door.request() | {field: value}).encode()
    answer = await door.raw(body)
    problem = assert_problem(answer, 422)
    assert [row["field"].split(".")[0] for row in problem["errors"]] == [field[:60]]
    assert len(answer.content) < 1000, "what was sent is not sent back"


@pytest.mark.parametrize(
    ("field", "value", "most"),
    [
        ("customer_name", "x" * 121, 120),
        ("brand", "\ufb2c" * 60, 60),
        ("problem", "x" * 5001, 5000),
    ],
)
async def test_text_that_is_too_long_is_told_in_characters(
    door: Door, field: str, value: str, most: int
) -> None:
    (row,) = assert_problem(await door.send(door.request(**{field: value})), 422)["errors"]
    assert row["reason"] == "This is too long."
    assert row["cure"] == f"Send at most {most} characters."


async def test_a_field_without_a_writable_name_is_refused(door: Door) -> None:
    assert_problem(await door.raw(json.dumps({"\ud800": 1}).encode()), 422)
    photo = json_photo(picture()) | {"\ud800": ""}
    assert_problem(await door.raw(json.dumps(door.request(photos=[photo])).encode()), 422)


async def test_all_wrong_fields_are_told_at_once(door: Door) -> None:
    problem = assert_problem(await door.send({"customer_name": "Ada", "brand": 1}), 422)
    assert {row["field"]: row["cure"] for row in problem["errors"]} == {
        "customer_email": "Add the field.",
        "device_type": "Add the field.",
        "problem": "Add the field.",
        "brand": "Send text.",
    }


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"", "image/png"),
        (b"<svg onload=alert(1)>", "image/png"),
        (b"MZ\x90\x00 not a picture", "image/jpeg"),
        (picture("GIF"), "image/gif"),
        (picture("TIFF"), "image/tiff"),
        (picture("PNG"), "image/jpeg"),
        (picture("JPEG"), "text/html"),
        (picture("PNG", (400, 400))[:-200], "image/png"),
        (picture("JPEG", (400, 400))[:400], "image/jpeg"),
        (png_header(BOMB_PIXELS), "image/png"),
        (png_header((0, 0)), "image/png"),
    ],
)
async def test_what_is_no_honest_picture_is_refused(
    door: Door, data: bytes, content_type: str
) -> None:
    answer = await door.send(
        door.request(photos=[json_photo(picture()), json_photo(data, content_type)])
    )
    (row,) = assert_problem(answer, 422)["errors"]
    assert row["field"] == "photos.1"


async def test_words_of_attackers_are_stored_as_words(door: Door) -> None:
    words = '<script>alert(1)</script> {{ 7*7 }} {% raw %} ${7*7} %(x)s =HYPERLINK("x")'
    sent = door.request(
        customer_name="=cmd|' /C calc'!A0",
        brand="<img src=x onerror=alert(1)>",
        model="{{ config }}",
        serial="'; DROP TABLE tickets; --",
        problem=words,
    )
    answer = await door.send(sent)
    assert answer.status_code == 202
    page = await door.client.get(f"/r/{answer.json()['status_url'].rsplit('/', 1)[1]}")
    assert page.status_code == 200
    for markup in ("<script", "<img", "onerror=alert(1)>"):
        assert markup not in page.text
    assert "&lt;img src=x onerror=alert(1)&gt; {{ config }}" in page.text
    assert "&#39;; DROP TABLE tickets; --" in page.text


@pytest.mark.parametrize("problem", ["", "   ", "🤖" * 5000, "नमस्ते\r\nक़\u2028end"])
async def test_odd_but_honest_text_is_taken(door: Door, problem: str) -> None:
    answer = await door.send(door.request(problem=problem))
    assert answer.status_code == 202, answer.text


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("", 415),
        ("text/plain", 415),
        ("application/xml", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/json-patch+json", 415),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=", 400),
        ("multipart/form-data; boundary=" + "b" * 300, 400),
        ("multipart/form-data; boundary=line; charset=undefined", 400),
    ],
)
async def test_another_content_type_is_told_what_to_send(
    door: Door, content_type: str, status: int
) -> None:
    body = (
        b'--line\r\nContent-Disposition: form-data; name="brand"\r\n\r\n\xff.\xfe\r\n--line--\r\n'
    )
    assert_problem(await door.raw(body, content_type), status)


@pytest.mark.parametrize(
    "part",
    [
        b"Content-Disposition: form-data\r\n\r\nx",
        b"no header at all",
        b'Content-Disposition: form-data; name="brand"\r\n\r\n' + b"x" * 1_100_000,
    ],
)
async def test_a_broken_form_is_a_bad_request(door: Door, part: bytes) -> None:
    body = b"--line\r\n" + part + b"\r\n--line--\r\n"
    assert_problem(await door.raw(body, "multipart/form-data; boundary=line"), 400)


async def test_a_form_says_each_thing_once_and_files_are_photos(door: Door) -> None:
    headers = {"X-API-Key": door.key}
    twice = {**door.request(), "brand": ["Sony", "Sega"]}
    file = ("b.png", picture(), "image/png")
    for files, field in ([("photos", file)], "brand"), ([("brand", file)], "brand"):
        data = twice if files[0][0] == "photos" else door.request()
        answer = await door.client.post(NEW, data=data, files=files, headers=headers)
        assert assert_problem(answer, 422)["errors"][0]["field"] == field
    many = await door.client.post(
        NEW, data=door.request(), files=[("photos", file)] * 9, headers=headers
    )
    assert assert_problem(many, 422)["errors"][0]["field"] == "photos"
    fields = {f"f{index}": "x" for index in range(41)}
    crowded = await door.client.post(NEW, data=fields, files=[("photos", file)], headers=headers)
    assert_problem(crowded, 400)


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        (NEW, "application/json"),
        (NEW, "multipart/form-data; boundary=line"),
        ("/q/token", "application/x-www-form-urlencoded"),
    ],
)
@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_the_limit_is_refused(
    door: Door,
    path: str,
    content_type: str,
    announced: bool,  # noqa: FBT001
) -> None:
    limit = door.context.settings.gateway.max_body_bytes
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        yield b'--line\r\nContent-Disposition: form-data; name="photos"; filename="a"\r\n\r\n'
        while True:
            read += 1_000_000
            yield (b"x" * 999_999) + b"&"

    headers = {"X-API-Key": door.key, "Content-Type": content_type}
    if announced:
        headers["Content-Length"] = str(limit + 1)
    answer = await door.client.post(path, content=endless(), headers=headers)
    assert "15 MB" in assert_problem(answer, 413)["detail"]
    assert read <= (0 if announced else limit + 2_000_000)


async def test_a_body_at_the_limit_is_read(door: Door) -> None:
    limit = door.context.settings.gateway.max_body_bytes
    body = json.dumps(door.request()).encode()
    assert (await door.raw(body.ljust(limit))).status_code == 202
    assert_problem(await door.raw(body.ljust(limit + 1)), 413)


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from((*RepairRequest.model_fields, "photos", "something"))


@given(changes=st.dictionaries(FIELDS, ANY_TEXT | ANY_JSON, max_size=4))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_json_is_taken_or_refused(door: Door, changes: dict[str, Any]) -> None:
    answer = await door.raw(json.dumps(door.request() | changes).encode())
    if answer.status_code != 202:
        assert_problem(answer, 400 if answer.status_code == 400 else 422)


@pytest.fixture
def collected() -> Iterator[None]:
    """Starlette leaves the file of a part that never ends to the garbage collector."""
    yield
    gc.collect()


@pytest.mark.usefixtures("collected")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_damage_to_a_form_is_taken_or_refused(door: Door, data: st.DataObject) -> None:
    image = io.BytesIO()
    Image.new("RGB", (2, 2)).save(image, "PNG")
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
        for name, value in door.request().items()
    ]
    parts.append(
        b'Content-Disposition: form-data; name="photos"; filename="a.png"\r\n'
        b"Content-Type: image/png\r\n\r\n" + image.getvalue()
    )
    body = bytearray(b"".join(b"--line\r\n" + part + b"\r\n" for part in parts) + b"--line--\r\n")
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    charset = data.draw(st.sampled_from(["utf-8", "utf-16", "raw_unicode_escape", "undefined"]))
    answer = await door.raw(bytes(body), f"multipart/form-data; boundary=line; charset={charset}")
    if answer.status_code != 202:
        assert_problem(answer, 400 if answer.status_code == 400 else 422)
