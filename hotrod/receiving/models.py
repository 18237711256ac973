"""What is known of parts and purchases when goods come in, and what a label then means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from hotrod.labels.models import Label
from hotrod.parts.models import Tracking
from hotrod.repairs.diagnosis import Category


@dataclass(frozen=True)
class NumberedPart:
    """A part of ours, and what others call it.

    Args:
        sku: ours.
        tracking: whether its movements name a batch or a serial number.
        supplier_numbers: pairs of a supplier's name and its number.
        maker_numbers: of all its makers.
        ean: its product number; empty when it isn't known.
    """

    sku: str
    tracking: Tracking = Tracking.NONE
    supplier_numbers: frozenset[tuple[str, str]] = frozenset()
    maker_numbers: frozenset[str] = frozenset()
    ean: str = ""


@dataclass(frozen=True)
class Awaited:
    """Pieces of a part that a purchase still awaits.

    Args:
        sku: of the part.
        purchase: our number of it, e.g. PO-1001.
        order_number: the seller's; empty when it isn't known.
        pieces: still to come, above zero.
        per_piece: what one costs at the door, in ``currency``.
        currency: the company's.
    """

    sku: str
    purchase: str
    order_number: str
    pieces: int
    per_piece: Decimal
    currency: str


@dataclass(frozen=True)
class Answers:
    """What a person says of goods; it counts where their labels leave it open.

    Args:
        sku: which part it is.
        pieces: how many.
        purchase: our number of it; counts even when a label names another.
        cost: of a piece that no purchase awaits, in the company's currency.
        lot: batch or serial number.
        creates: parts that nobody knows are to be made from their labels.
        category: of parts that are made so.
    """

    sku: str | None = None
    pieces: int | None = None
    purchase: str | None = None
    cost: Decimal | None = None
    lot: str = ""
    creates: bool = False
    category: Category = "other"


@dataclass(frozen=True)
class NewPart:
    """A part to be made from its label.

    Where the distributor's label has only the maker's number, it is the ``supplier_number`` too.
    """

    sku: str
    name: str
    category: Category
    distributor: str
    supplier_number: str = ""
    maker_number: str = ""
    ean: str = ""


@dataclass(frozen=True)
class Receipt:
    """What comes in by a label.

    Args:
        sku: of the part.
        pieces: how many.
        purchase: that awaits them; empty: none does.
        cost: of a piece at the door, in ``currency``.
        currency: the company's.
        lot: batch or serial number, as far as it is known.
        why: by what the part and the purchase were recognized.
        surplus: pieces beyond what the purchase awaits.
        new_part: to be made first; None: the part is known.
    """

    sku: str
    pieces: int
    purchase: str
    cost: Decimal
    currency: str
    lot: str
    why: str
    surplus: int = 0
    new_part: NewPart | None = None


@dataclass(frozen=True)
class Question:
    """What a label leaves open: a sentence that says how to answer, and what there is to choose."""

    words: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReceivedBefore:
    """A label by which goods came in already; they aren't counted again."""

    sku: str
    pieces: int
    purchase: str
    at: datetime


@dataclass(frozen=True)
class ScannedLabel:
    """A label on a photo; ``key`` names it in the ledger, so that it counts once."""

    label: Label
    key: str


Meaning = Receipt | Question | ReceivedBefore | None
"""Of a label; None: it says nothing of a part, e.g. the bar code of a shipping number."""
