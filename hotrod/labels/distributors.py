"""What distributors write into the symbols on their bags.

Two-dimensional symbols of Digi-Key and Mouser hold ISO/IEC 15434 messages of format 06: fields
that begin with the data identifiers of ANSI MH10.8.2, as the electronics industry agreed on in
EIGP 114.2018 (https://docslib.org/doc/604851/). Digi-Key explains its own with an example at
https://forum.digikey.com/t/digikey-product-labels-decoding-digikey-barcodes/41097. Mouser and LCSC
explain nothing: their forms are known from bags that others published, e.g. in the tests of
InvenTree (https://github.com/inventree/InvenTree, ``plugin/builtin/suppliers``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from hotrod.labels.models import Label, LabelSource

_RS, _GS, _EOT = "\x1e", "\x1d", "\x04"
_SPELLINGS = {
    _RS: ("\N{SYMBOL FOR RECORD SEPARATOR}", "<RS>", "{RS}", "\\x1e", "\\u001e", "^^"),
    _GS: ("\N{SYMBOL FOR GROUP SEPARATOR}", "<GS>", "{GS}", "\\x1d", "\\u001d", "^]"),
    _EOT: ("\N{SYMBOL FOR END OF TRANSMISSION}", "<EOT>", "{EOT}", "\\x04", "\\u0004", "^D"),
}
_CONTROLS = {word.lower(): sign for sign, words in _SPELLINGS.items() for word in words}
_SPELLED = re.compile("|".join(map(re.escape, _CONTROLS)), re.IGNORECASE)

_ENVELOPE = re.compile(r">?\[\)>")
# Old bags of Mouser have one more ">" in front and no RS; many have no trailer.
_HEADER = re.compile(rf"(?P<mouser>>)?\[\)>{_RS}?06{_GS}")
_IDENTIFIER = re.compile(r"([0-9]{0,3}[A-Z])(.*)", re.DOTALL)
_FIELDS = {
    "P": "customer_part",
    "1P": "manufacturer_part",
    "30P": "distributor_part",
    "12Z": "product_id",
    "1V": "manufacturer",
    "Q": "quantity",
    "K": "order",
    "1K": "sales_order",
    "10K": "invoice",
    "11K": "packing_list",
    "1T": "lot",
    "9D": "date_code",
    "10D": "date_code",
    "4L": "country",
}
_OF_DIGIKEY = frozenset({"30P", "11Z", "12Z", "13Z", "20Z"})
_OF_MOUSER = "14K"

_LCSC_SHAPE = re.compile(r"\{.*\}?", re.DOTALL)
_LCSC_FIELD = re.compile(r",(?=[a-z]{2,4}:)")
_LCSC_FIELDS = {
    "on": "sales_order",
    "pc": "distributor_part",
    "pm": "manufacturer_part",
    "qty": "quantity",
    "mc": "customer_part",
}
_LCSC_NEEDED = ("pc", "pm", "qty")

_DIGIKEY_LINEAR = re.compile(r"(?P<product>[0-9]{7})(?P<quantity>[0-9]{9})[0-9]{6}")
_QUOTED = 40
_QUANTITY = re.compile(r"[0-9]{1,9}")


def is_message(text: str) -> bool:
    """Tell whether a text claims to be an ISO/IEC 15434 message."""
    return _ENVELOPE.match(text) is not None


def parse_message(text: str) -> Label:
    """Return what an ISO/IEC 15434 message of format 06 says.

    Control characters may be there as such or spelled, as scanners do: ``<GS>``, ``{GS}``, ``^]``,
    a backslash and its number, or Unicode's picture of it.

    Digi-Key is known by its own part number (30P, or one that ends in -ND), or by its Z fields;
    Mouser by its order line (14K), or by the broken header of its old bags.
    """
    plain = text if _GS in text else _SPELLED.sub(_control, text)
    header = _HEADER.match(plain)
    if header is None:
        problem = (
            "This isn't a message of format 06, or the scanner dropped its control characters; "
            "set it to send them."
        )
        return Label(source=LabelSource.UNKNOWN, text=text, problems=(problem,))
    body = plain[header.end() :].split(_RS, 1)[0].rstrip(f"{_EOT}\r\n")
    pairs, problems = _message_fields(body.split(_GS))
    identifiers = {identifier for identifier, _ in pairs}
    is_old_digikey = any(
        identifier == "P" and value.endswith("-ND") for identifier, value in pairs
    ) and not identifiers & {"30P"}
    named = [
        ("distributor_part" if is_old_digikey and identifier == "P" else _FIELDS[identifier], value)
        for identifier, value in pairs
        if identifier in _FIELDS
    ]
    if identifiers & _OF_DIGIKEY or is_old_digikey:
        source = LabelSource.DIGIKEY
    elif header["mouser"] or _OF_MOUSER in identifiers:
        source = LabelSource.MOUSER
    else:
        source = LabelSource.UNKNOWN
    return _label(source, text, named, problems)


def is_lcsc(text: str) -> bool:
    """Tell whether a text claims to be of LCSC's bags."""
    return _LCSC_SHAPE.fullmatch(text) is not None and "pc:" in text


def parse_lcsc(text: str) -> Label:
    """Return what a label of LCSC says: ``{pbn:PICK2009291337,on:SO20,pc:C312270,pm:...,qty:2}``.

    It looks like JSON and isn't: nothing is quoted. A comma begins a field only when a name and a
    colon follow, since the buyer's own word for the part (mc) may be a list of references.
    """
    if not text.endswith("}"):
        problem = "It stops in the middle; read it again."
        return Label(source=LabelSource.LCSC, text=text, problems=(problem,))
    pairs = [
        (name, value.strip())
        for name, _, value in (field.partition(":") for field in _LCSC_FIELD.split(text[1:-1]))
    ]
    missing = [name for name in _LCSC_NEEDED if not dict(pairs).get(name)]
    problems = [f"It has no {', '.join(missing)}."] if missing else []
    named = [(_LCSC_FIELDS[name], value) for name, value in pairs if name in _LCSC_FIELDS]
    return _label(LabelSource.LCSC, text, named, problems)


def parse_digikey_linear(text: str) -> Label | None:
    """Return what the linear symbol on Digi-Key's older bags says; None when it isn't one.

    Seven digits are Digi-Key's number of the product (not its part number), nine the quantity; what
    the last six are is not known. Found out by https://github.com/claudyus/digikey-barcode-reader;
    Digi-Key itself only offers to look such a number up, as "legacy product barcode":
    https://developer.digikey.com/products/barcode/barcoding.
    """
    found = _DIGIKEY_LINEAR.fullmatch(text)
    if found is None or not int(found["quantity"]):
        return None
    return Label(
        source=LabelSource.DIGIKEY,
        text=text,
        product_id=found["product"],
        quantity=int(found["quantity"]),
    )


def _control(spelled: re.Match[str]) -> str:
    return _CONTROLS[spelled.group().lower()]


def _message_fields(fields: Iterable[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return pairs of identifier and value, and what is wrong."""
    pairs, problems = [], []
    for field in filter(None, fields):
        found = _IDENTIFIER.fullmatch(field)
        if found is None:
            problems.append(f"{_shortened(field)} begins with no data identifier.")
        else:
            pairs.append((found[1], found[2].strip()))
    return pairs, problems


def _label(
    source: LabelSource, text: str, named: Iterable[tuple[str, str]], problems: list[str]
) -> Label:
    """Return a label of values that may be empty, contradict each other, or be no quantity."""
    said: dict[str, str] = {}
    contradicted = set()
    for name, value in named:
        if value and said.setdefault(name, value) != value:
            contradicted.add(name)
    for name in sorted(contradicted):
        problems.append(f"It gives more than one {name.replace('_', ' ')}.")
        del said[name]
    quantity = said.pop("quantity", None)
    if quantity is not None and not _QUANTITY.fullmatch(quantity):
        problems.append(f"{_shortened(quantity)} is no quantity.")
        quantity = None
    return Label.model_validate(
        {
            "source": source,
            "text": text,
            "quantity": None if quantity is None else int(quantity),
            "problems": tuple(problems),
            **said,
        }
    )


def _shortened(value: str) -> str:
    return repr(value if len(value) <= _QUOTED else f"{value[:_QUOTED]}…")
