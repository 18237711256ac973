from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.label_pictures import DIGIKEY, DIGIKEY_LINEAR, LCSC, MOUSER, OLD_MOUSER
from hotrod.errors import InvalidInputError
from hotrod.labels.models import Label, LabelSource, SymbolKind
from hotrod.labels.own import OwnLabel, parse_own
from hotrod.labels.rules import MOST_CHARACTERS, check_digit, parse_label

_CAPITALS = string.ascii_uppercase + string.digits
_ALPHANUMERIC = set(f"{_CAPITALS} $%*+-./:")

own_labels = st.builds(
    OwnLabel,
    sku=st.from_regex(r"[A-Z0-9][A-Z0-9-]{2,39}", fullmatch=True),
    lot=st.none() | st.from_regex(r"[A-Z0-9][A-Z0-9.-]{0,19}", fullmatch=True),
    quantity=st.none() | st.integers(1, 999_999_999),
)


def said(label: Label) -> dict[str, object]:
    return label.model_dump(exclude={"text"}, exclude_none=True, exclude_defaults=True)


@given(own_labels)
def test_an_own_label_says_what_was_written(own: OwnLabel) -> None:
    assert parse_own(own.text) == own
    label = parse_label(own.text)
    assert label.source is LabelSource.OWN
    assert (label.sku, label.lot, label.quantity) == (own.sku, own.lot, own.quantity)


@given(own_labels)
def test_an_own_label_has_only_what_any_scanner_types(own: OwnLabel) -> None:
    assert set(own.text) <= _ALPHANUMERIC


@pytest.mark.parametrize(
    "own",
    [
        OwnLabel("hdmi"),
        OwnLabel("A:B-C"),
        OwnLabel("HDMI-PS5", lot=""),
        OwnLabel("HDMI-PS5", lot="B 7"),
        OwnLabel("HDMI-PS5", quantity=0),
    ],
)
def test_what_an_own_label_can_not_hold_is_refused(own: OwnLabel) -> None:
    with pytest.raises(InvalidInputError, match="can't hold"):
        _ = own.text


@pytest.mark.parametrize(
    "text",
    [
        "HRF:",
        "HRF:SKU",
        "HRF:QTY:10",
        "HRF:SKU:HDMI-PS5:SKU:HDMI-XSX",
        "HRF:SKU:HDMI-PS5:COLOR:RED",
        "HRF:SKU:HDMI-PS5:QTY:ten",
        "HRF:SKU:HDMI-PS5:QTY:10:",
    ],
)
def test_a_broken_own_label_is_told_not_guessed(text: str) -> None:
    label = parse_label(text)
    assert label.source is LabelSource.OWN
    assert label.problems
    assert label.sku is None


def test_a_label_of_digikey_says_all() -> None:
    assert said(parse_label(DIGIKEY)) == {
        "source": "digikey",
        "customer_part": "C1,C3,C5-7",
        "manufacturer_part": "860010672008",
        "distributor_part": "732-8660-1-ND",
        "product_id": "5728615",
        "sales_order": "86761783",
        "invoice": "104669300",
        "packing_list": "1",
        "date_code": "1437",
        "lot": "31751001143669511",
        "country": "CN",
        "quantity": 10,
    }


def test_an_older_label_of_digikey_has_its_part_number_for_the_customers() -> None:
    label = parse_label("[)>\x1e06\x1dP296-6501-1-ND\x1d1PLM358DR\x1dQ5\x1e\x04")
    assert said(label) == {
        "source": "digikey",
        "distributor_part": "296-6501-1-ND",
        "manufacturer_part": "LM358DR",
        "quantity": 5,
    }


def test_a_linear_label_of_digikey_says_product_and_quantity() -> None:
    label = parse_label(DIGIKEY_LINEAR, SymbolKind.CODE_128)
    assert said(label) == {"source": "digikey", "product_id": "2062291", "quantity": 10}


def test_a_label_of_mouser_says_all() -> None:
    assert said(parse_label(MOUSER)) == {
        "source": "mouser",
        "order": "P0-1337",
        "manufacturer_part": "MC34063ADR",
        "quantity": 3,
        "packing_list": "073121337",
        "country": "MX",
        "manufacturer": "TI",
    }


def test_an_old_label_of_mouser_is_read_in_spite_of_its_header() -> None:
    assert said(parse_label(OLD_MOUSER)) == {
        "source": "mouser",
        "order": "21421337",
        "manufacturer_part": "LDK320ADU33R",
        "quantity": 32,
        "packing_list": "060931337",
        "country": "CN",
        "manufacturer": "STMicro",
    }


def test_a_label_of_lcsc_says_all_and_may_have_commas() -> None:
    assert said(parse_label(LCSC)) == {
        "source": "lcsc",
        "sales_order": "GB2409280135",
        "distributor_part": "C1554",
        "manufacturer_part": "0402CG200J500NT",
        "customer_part": "C20, C21",
        "quantity": 100,
    }


@pytest.mark.parametrize(
    ("rs", "gs", "eot"),
    [
        ("␞", "␝", "␄"),
        ("<RS>", "<GS>", "<EOT>"),
        ("<rs>", "<gs>", "<eot>"),
        ("{RS}", "{GS}", "{EOT}"),
        ("^^", "^]", "^D"),
        (r"\x1E", r"\x1D", r"\x04"),
        ("", "<GS>", ""),
    ],
)
@pytest.mark.parametrize("text", [DIGIKEY, MOUSER, OLD_MOUSER])
def test_control_characters_may_be_spelled(text: str, rs: str, gs: str, eot: str) -> None:
    spelled = text.replace("\x1e", rs).replace("\x1d", gs).replace("\x04", eot)
    assert said(parse_label(spelled)) == said(parse_label(text))


def test_a_trailer_and_the_scanners_return_key_change_nothing() -> None:
    for end in ("", "\x1e\x04", "\x04", "\r\n", "\x1e\x04\r\n"):
        assert said(parse_label(OLD_MOUSER + end)) == said(parse_label(OLD_MOUSER))


def test_a_message_without_its_separators_is_told_not_guessed() -> None:
    label = parse_label("[)>06P732-8660-1-ND1P860010672008Q10")
    assert label.source is LabelSource.UNKNOWN
    assert "set it to send them" in label.problems[0]
    assert label.quantity is None


def test_a_message_of_nobody_we_know_is_still_understood() -> None:
    label = parse_label("[)>\x1e06\x1d1PSTM32F103C8T6\x1dQ25\x1e\x04")
    assert said(label) == {
        "source": "unknown",
        "manufacturer_part": "STM32F103C8T6",
        "quantity": 25,
    }


def test_values_that_contradict_each_other_are_left_out_and_told() -> None:
    label = parse_label("[)>\x1e06\x1d1PONE\x1d1PTWO\x1d14K1\x1dQ5\x1dQ5")
    assert label.manufacturer_part is None
    assert label.quantity == 5
    assert label.problems == ("It gives more than one manufacturer part.",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[)>\x1e06\x1d14K1\x1d1PX\x1dQmany", "'many' is no quantity."),
        ("[)>\x1e06\x1d14K1\x1d1PX\x1dQ1234567890", "'1234567890' is no quantity."),
        ("[)>\x1e06\x1d14K1\x1d1PX\x1d??", "'??' begins with no data identifier."),
        ("[)>\x1e05\x1d0109501101530003", "isn't a message of format 06"),
        ("{pbn:P1,pc:C1,pm:X,qty:}", "It has no qty."),
        ("{pbn:P1,pc:C1,qty:-5,pm:X}", "'-5' is no quantity."),
        ("{pbn:P1,pc:C1,pm:X,qty:1", "stops in the middle"),
        ("{pc:C1,pc:C2,pm:X,qty:1}", "more than one distributor part"),
    ],
)
def test_a_broken_label_of_a_distributor_is_told(text: str, told: str) -> None:
    label = parse_label(text)
    assert any(told in problem for problem in label.problems)
    assert label.quantity in {None, 1}


@given(
    st.text(string.digits, min_size=12, max_size=12)
    | st.text(string.digits, min_size=7, max_size=7)
)
def test_only_one_check_digit_is_right(digits: str) -> None:
    right = [last for last in string.digits if parse_label(digits + last).gtin]
    assert right == [check_digit(digits)]


@pytest.mark.parametrize(
    ("text", "gtin"),
    [
        ("4006381333931", "4006381333931"),
        ("96385074", "96385074"),
        ("036000291452", "0036000291452"),
    ],
)
def test_a_product_number_is_known_with_its_check_digit(text: str, gtin: str) -> None:
    assert said(parse_label(text)) == {"source": "ean", "gtin": gtin}


def test_a_wrong_check_digit_is_told_with_the_right_one() -> None:
    label = parse_label("4006381333930", SymbolKind.EAN_13)
    assert label.gtin is None
    assert label.problems == ("Its check digit is 0, and would have to be 1. Read it again.",)


def test_other_code_128_is_handed_on_as_it_is() -> None:
    assert said(parse_label("4006381333931", SymbolKind.CODE_128)) == {"source": "code128"}
    assert parse_label("X-7731/B", SymbolKind.CODE_128).text == "X-7731/B"


_pieces = st.sampled_from(
    ["HRF:", "SKU:", "QTY:", "[)>", ">", "\x1e", "06", "\x1d", "\x04", "1P", "Q", "30P", "{", "}",
     "pc:", "qty:", ",", "0", "9", "-ND", "^]", "\x00", "\ud7ff", "٣", " "]
)  # fmt: skip


@given(
    st.text(max_size=200) | st.lists(_pieces, max_size=60).map("".join),
    st.none() | st.sampled_from(SymbolKind),
)
def test_any_text_is_taken_and_kept(text: str, kind: SymbolKind | None) -> None:
    label = parse_label(text, kind)
    assert label.text in {text, text.strip(" \t\r\n")}
    assert label.quantity is None or 0 <= label.quantity < 10**9


@pytest.mark.parametrize(
    "text",
    [
        "A" * 10_000,
        "[)>\x1e06\x1d" * 2_000,
        "\x1d" * 10_000,
        "{pc:" + "," * 10_000 + "}",
        "^" * 10_000,
    ],
)
def test_a_text_longer_than_any_symbol_is_refused_in_words(text: str) -> None:
    label = parse_label(text)
    assert label.source is LabelSource.UNKNOWN
    assert len(label.text) == MOST_CHARACTERS
    assert "this isn't a label" in label.problems[0]
