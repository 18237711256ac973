"""What a repair request may hold; what becomes of it is tested through the gateway."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hotrod.company.models import Company
from hotrod.errors import InvalidInputError
from hotrod.repairs.devices import DEVICE_TYPES
from hotrod.repairs.intake import RepairRequest, business_for, safe_filename

GOOD = {
    "customer_name": "Ada Byron",
    "customer_email": "ada@example.com",
    "device_type": "console",
    "problem": "No picture.",
}
LIMITS = {"customer_name": 120, "brand": 60, "model": 80, "serial": 60, "problem": 5000}


def read(**changes: Any) -> RepairRequest:
    return RepairRequest.model_validate(GOOD | changes)


@pytest.mark.parametrize("field", LIMITS)
def test_the_longest_text_fits_and_one_more_does_not(field: str) -> None:
    longest = "x" * LIMITS[field]
    assert getattr(read(**{field: longest}), field) == longest
    with pytest.raises(ValidationError):
        read(**{field: longest + "x"})


@given(
    field=st.sampled_from([name for name in LIMITS if name != "problem"]),
    text=st.text(st.characters(exclude_categories=()), max_size=130),
)
def test_one_line_fields_hold_one_storable_line(field: str, text: str) -> None:
    try:
        kept = getattr(read(**{field: text}), field)
    except ValidationError:
        return
    if kept is None:
        assert not text.strip()
        return
    assert len(kept) <= LIMITS[field], "fits its column"
    assert kept == unicodedata.normalize("NFC", kept).strip()
    assert len(kept.splitlines()) <= 1
    assert not {"Cc", "Cs", "Zl", "Zp"} & {unicodedata.category(char) for char in kept}
    assert not set("\u202a\u202e\u2066\u200f") & set(kept)
    kept.encode()


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("a\r\nb", "a\nb"),
        ("a\u2028b\u2029c", "a\nb\nc"),
        ("tab\tbed", "tab\tbed"),
        ("e\u0301", "é"),
        ("\u202egnp.exe", "gnp.exe"),
        ("  spaces  ", "spaces"),
        ("", ""),
        ("=1+1", "=1+1"),
    ],
)
def test_a_problem_keeps_its_lines(given_text: str, kept: str) -> None:
    assert read(problem=given_text).problem == kept


@pytest.mark.parametrize("text", ["a\x00b", "a\x1b[2Jb", "a\rb", "a\x85b", "\x7f"])
def test_control_characters_are_refused(text: str) -> None:
    for field in ("problem", "customer_name", "serial"):
        with pytest.raises(ValidationError, match="control characters"):
            read(**{field: text})


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Ada@Example.COM", "Ada@example.com"),
        ("ada+ps5@example.com", "ada+ps5@example.com"),
        ("ada@münchen.example.com", "ada@xn--mnchen-3ya.example.com"),
    ],
)
def test_addresses_are_kept_as_mail_servers_take_them(written: str, kept: str) -> None:
    assert read(customer_email=written).customer_email == kept


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("613 555 0142", "+16135550142"),
        ("(613) 555-0142", "+16135550142"),
        ("+49 30 901820", "+4930901820"),
        ("  ", None),
        (None, None),
    ],
)
def test_phone_numbers_are_canadian_unless_they_say_so(
    written: str | None, kept: str | None
) -> None:
    assert read(customer_phone=written).customer_phone == kept


@pytest.mark.parametrize(
    ("written", "kept"),
    [("Console", "console"), (" notebook ", "laptop"), ("SMARTPHONE", "phone"), ("pcb", "board")],
)
def test_device_types_are_known_by_other_names(written: str, kept: str) -> None:
    assert read(device_type=written).device_type == kept


def test_every_device_type_of_the_rules_is_taken() -> None:
    assert [read(device_type=each).device_type for each in DEVICE_TYPES] == list(DEVICE_TYPES)


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ValidationError, match="extra_forbidden"):
        read(status="approved")


def test_the_default_business_takes_what_names_none(company: Company) -> None:
    assert business_for(read(), company).key == company.default_business
    assert business_for(read(business=" "), company).key == company.default_business
    with pytest.raises(InvalidInputError, match="noizylab"):
        business_for(read(business="teelixir"), company)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("board.jpg", "board.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\board.jpg", "board.jpg"),
        ("a\r\nb\x00.jpg", "ab.jpg"),
        ("\u202egpj.exe", "gpj.exe"),
        ("..", "photo"),
        ("/", "photo"),
        ("", "photo"),
        ("x" * 300 + ".jpg", "x" * 116 + ".jpg"),
    ],
)
def test_file_names_are_only_names(written: str, kept: str) -> None:
    assert safe_filename(written) == kept
