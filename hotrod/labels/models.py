"""What a symbol on a label is, and what it says about a part."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class SymbolKind(StrEnum):
    """The kinds of symbols that are read; UPC-A is an EAN-13 that begins with 0."""

    QR = "qr"
    DATA_MATRIX = "datamatrix"
    CODE_128 = "code128"
    EAN_13 = "ean13"
    EAN_8 = "ean8"


RETAIL = frozenset({SymbolKind.EAN_13, SymbolKind.EAN_8})
"""Those that hold a product number."""


class LabelSource(StrEnum):
    """Whose way of writing a label follows; ``unknown`` when it is nobody's we know."""

    OWN = "own"
    DIGIKEY = "digikey"
    MOUSER = "mouser"
    LCSC = "lcsc"
    EAN = "ean"
    CODE_128 = "code128"
    UNKNOWN = "unknown"


class Label(BaseModel):
    """What a label says, in one form for all sources. What it doesn't say is None."""

    model_config = ConfigDict(frozen=True)

    source: LabelSource
    text: str = Field(description="What the symbol holds, as it was read.")
    sku: str | None = Field(None, description="Ours.")
    manufacturer_part: str | None = None
    distributor_part: str | None = None
    customer_part: str | None = Field(None, description="What the buyer called it in the order.")
    product_id: str | None = Field(
        None, description="The distributor's internal number of the product, not its part number."
    )
    gtin: str | None = Field(None, description="Of 8 or 13 digits; its check digit is right.")
    manufacturer: str | None = None
    quantity: int | None = Field(None, description="Pieces in the bag.")
    order: str | None = Field(None, description="The buyer's purchase order.")
    sales_order: str | None = Field(None, description="The distributor's order.")
    invoice: str | None = None
    packing_list: str | None = None
    lot: str | None = None
    date_code: str | None = Field(None, description="As it stands there, mostly year and week.")
    country: str | None = Field(None, description="Of origin, as it stands there.")
    problems: tuple[str, ...] = Field(
        (), description="What is wrong with the label, a sentence each; such values are left out."
    )


class FoundLabel(BaseModel):
    """A label on a picture."""

    model_config = ConfigDict(frozen=True)

    kind: SymbolKind
    corners: tuple[tuple[int, int], ...] = Field(
        description="Of the symbol on the upright picture, in pixels from its top left."
    )
    label: Label
