"""What a label means for goods that come in: which part, which purchase, how many, at which cost.

A part is recognized by our SKU, else by its supplier's number, else by its maker's, else by its
EAN; a purchase by our number, else by the seller's, else by being the only one that awaits the
part. What can't be told so is asked for: nothing is guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from hashlib import sha256

from hotrod.labels.models import Label, LabelSource
from hotrod.parts.models import Tracking
from hotrod.receiving.models import (
    Answers,
    Awaited,
    Meaning,
    NewPart,
    NumberedPart,
    Question,
    Receipt,
    ReceivedBefore,
    ScannedLabel,
)

_OUR_NUMBER = re.compile(r"(PO-\d{1,9})(\.\d+)?", re.IGNORECASE)
_NO_SKU = re.compile(r"[^A-Z0-9]+")
_LONGEST_SKU, _SHORTEST_SKU = 40, 3
_LONGEST_NAME, _LONGEST_NUMBER, _LONGEST_LOT = 120, 80, 80
_CHOICES_SHOWN = 5
_DISTRIBUTORS = frozenset({LabelSource.DIGIKEY, LabelSource.MOUSER, LabelSource.LCSC})


def scanned(labels: Iterable[Label]) -> list[ScannedLabel]:
    """Return the labels of one photo with their keys.

    The key follows from what a label says: on two photos it is the same bag, seen again. Labels
    that say the same on one photo are as many bags.
    """
    seen: Counter[str] = Counter()
    found = []
    for label in labels:
        seen[label.text] += 1
        digest = sha256(label.text.encode()).hexdigest()[:40]
        found.append(ScannedLabel(label, f"scan:{digest}:{seen[label.text]}"))
    return found


def understand_all(
    labels: Sequence[ScannedLabel],
    before: Mapping[str, ReceivedBefore],
    parts: Sequence[NumberedPart],
    awaited: Sequence[Awaited],
    answers: Answers,
    currency: str,
) -> list[Meaning]:
    """Return what labels mean, one after another: what one brings, the next doesn't await.

    Args:
        labels: of one or several photos; the same one on a second photo says nothing more.
        before: goods that came in by a label already, by its key.
        parts: all of ours.
        awaited: what purchases still await.
        answers: what a person says where labels leave it open.
        currency: the company's.
    """
    known, open_ones = list(parts), list(awaited)
    done: set[str] = set()
    meanings: list[Meaning] = []
    for one in labels:
        if one.key in done:
            meanings.append(None)
            continue
        done.add(one.key)
        if one.key in before:
            meanings.append(before[one.key])
            continue
        meaning = understand(one.label, known, open_ones, answers, currency)
        if isinstance(meaning, Receipt):
            open_ones = _without(open_ones, meaning)
            if meaning.new_part is not None:
                known.append(_as_known(meaning.new_part))
        meanings.append(meaning)
    return meanings


def understand(
    label: Label,
    parts: Sequence[NumberedPart],
    awaited: Sequence[Awaited],
    answers: Answers,
    currency: str,
) -> Receipt | Question | None:
    """Return what comes in by a label, or what must be asked, or None: it names no part."""
    try:
        known = _part_of(label, parts, answers)
        return None if known is None else _receipt(label, known, awaited, answers, currency)
    except _UnclearError as unclear:
        return unclear.question


def our_number(label: Label) -> str | None:
    """Return our number of the purchase that a label names, e.g. PO-1001, or None.

    It is the buyer's order on a distributor's label, and begins the lot of one that we printed.
    """
    said = label.lot if label.source is LabelSource.OWN else label.order
    found = _OUR_NUMBER.fullmatch(said or "")
    return found[1].upper() if found else None


def new_sku(number: str, taken: Iterable[str]) -> str:
    """Return an SKU of ours made from another's number: capitals, digits and hyphens; not taken.

    Args:
        number: the maker's, or else the distributor's.
        taken: SKUs that there are.
    """
    sku = _made_sku(number)
    there, count, free = set(taken), 1, sku
    while free in there:
        count += 1
        ending = f"-{count}"
        free = f"{sku[: _LONGEST_SKU - len(ending)]}{ending}"
    return free


def _made_sku(number: str) -> str:
    sku = _NO_SKU.sub("-", number.upper()).strip("-")[:_LONGEST_SKU].rstrip("-")
    return sku if len(sku) >= _SHORTEST_SKU else f"PART-{sku}".rstrip("-")


def bags(pieces: int, most: int | None) -> list[int]:
    """Return how many pieces go into each bag: as many as the most, the rest into the last.

    Args:
        pieces: above zero.
        most: in a bag, above zero; None: one bag takes all.
    """
    full, rest = divmod(pieces, most or pieces)
    return [most or pieces] * full + [rest] * bool(rest)


def mean_cost(lines: Iterable[tuple[int, Decimal]]) -> Decimal:
    """Return what a piece costs on average, to the millionth; of pairs of pieces and cost."""
    known = list(lines)
    total = sum((pieces * cost for pieces, cost in known), Decimal(0))
    return (total / sum(pieces for pieces, _ in known)).quantize(Decimal("0.000001"))


class _UnclearError(Exception):
    """A label doesn't say what must be known."""

    def __init__(self, words: str, choices: tuple[str, ...] = ()) -> None:
        super().__init__(words)
        self.question = Question(words, choices)


@dataclass(frozen=True)
class _Known:
    """A part, by what it was recognized, and how it is made if it isn't there yet."""

    part: NumberedPart
    how: str
    new: NewPart | None = None


def _receipt(
    label: Label, known: _Known, awaited: Sequence[Awaited], answers: Answers, currency: str
) -> Receipt:
    sku = known.part.sku
    pieces = _pieces_of(label, known, answers)
    lot = _lot_of(label, known.part, pieces, answers)
    found = _purchase_of(label, sku, awaited, answers)
    if found is not None:
        one, how = found
        return Receipt(
            sku,
            pieces,
            one.purchase,
            one.per_piece,
            one.currency,
            lot,
            _because(known.how, f"{one.purchase} {how}", *label.problems),
            surplus=max(0, pieces - one.pieces),
        )
    if answers.cost is None:
        raise _UnclearError(f"No purchase awaits {sku}; say what a piece has cost with --cost.")
    why = _because(known.how, "no purchase awaits it", *label.problems)
    return Receipt(sku, pieces, "", answers.cost, currency, lot, why, new_part=known.new)


def _because(*reasons: str) -> str:
    return "; ".join(reason.rstrip(".") for reason in reasons)


def _pieces_of(label: Label, known: _Known, answers: Answers) -> int:
    pieces = answers.pieces if label.quantity is None else label.quantity
    if not pieces:
        what = f"It is {known.part.sku}" if known.new is None else "It would be a new part"
        said = " ".join((f"{what}, but doesn't say how many.", *label.problems))
        raise _UnclearError(f"{said} Give the number of pieces after the SKU.")
    return pieces


def _lot_of(label: Label, part: NumberedPart, pieces: int, answers: Answers) -> str:
    lot = (answers.lot or label.lot or "")[:_LONGEST_LOT]
    if part.tracking is not Tracking.NONE and not lot:
        raise _UnclearError(f"{part.sku} is tracked by {part.tracking}; say its number with --lot.")
    if part.tracking is Tracking.SERIAL and pieces != 1:
        raise _UnclearError(
            f"Each {part.sku} has a serial number; post them one by one with "
            f"`hotrod stock receive {part.sku} 1 --lot NUMBER --order PO-...`."
        )
    return lot


def _part_of(label: Label, parts: Sequence[NumberedPart], answers: Answers) -> _Known | None:
    found, how = _recognized(label, parts)
    said = _said(label)
    told = next((part for part in parts if part.sku == answers.sku), None)
    if len(found) == 1:
        return _Known(found[0], how)
    if told is not None and said:
        return _Known(told, "the part as you say")
    if found:
        choices = tuple(sorted(part.sku for part in found))
        raise _UnclearError(
            f"{how.capitalize()} is that of {_listed(choices)}; name the SKU.", choices
        )
    if not said and not label.problems:
        return None
    new = _new_part(label, parts, answers)
    if answers.creates and new is not None:
        return _Known(_as_known(new), "a new part", new)
    if label.sku is not None:
        raise _UnclearError(f"There is no part {label.sku}; name the SKU that it has now.")
    raise _UnclearError(
        f"Nobody knows {said}; name the SKU, or make a part of it with --create."
        if said
        else " ".join(label.problems)
    )


def _recognized(label: Label, parts: Sequence[NumberedPart]) -> tuple[list[NumberedPart], str]:
    """Return the parts that the best of a label's numbers names, and which number that is."""
    for how, names in _ranks(label):
        if found := [part for part in parts if names(part)]:
            return found, how
    return [], ""


def _ranks(label: Label) -> list[tuple[str, Callable[[NumberedPart], bool]]]:
    """Return by what a part may be recognized, the best first."""
    linear = label.text if label.source is LabelSource.CODE_128 else None
    ours = _folded(label.sku, label.customer_part)
    theirs = _folded(label.distributor_part or linear)
    makers = _folded(label.manufacturer_part or linear)
    retail = _folded(label.gtin)
    made = {_made_sku(number) for number in [_for_sku(label)] if number}
    return [
        ("our SKU", lambda part: bool(ours & _folded(part.sku))),
        (
            "the supplier's number",
            lambda part: bool(theirs & _folded(*_suppliers_numbers(part, label.source))),
        ),
        ("the maker's number", lambda part: bool(makers & _folded(*part.maker_numbers))),
        (
            "the EAN",
            lambda part: bool(
                retail
                & _folded(part.ean, *part.maker_numbers, *_suppliers_numbers(part, label.source))
            ),
        ),
        ("the SKU made of its number", lambda part: part.sku in made),
    ]


def _suppliers_numbers(part: NumberedPart, source: LabelSource) -> list[str]:
    """Return the suppliers' numbers that can stand on a label: distributors use only their own."""
    return [
        number
        for supplier, number in part.supplier_numbers
        if source not in _DISTRIBUTORS or is_distributor(source, supplier)
    ]


def _folded(*numbers: str | None) -> set[str]:
    """Return numbers as they are compared, without empty ones."""
    return {folded for number in numbers if (folded := (number or "").strip().casefold())}


def _for_sku(label: Label) -> str | None:
    """Return the number that an SKU is made of."""
    return label.manufacturer_part or label.distributor_part or label.gtin


def is_distributor(source: LabelSource, supplier: str) -> bool:
    """Tell whether a supplier is the distributor whose label it is, e.g. by "Digi-Key Canada"."""
    return source in _DISTRIBUTORS and source.value in re.sub(r"[\W_]", "", supplier.casefold())


def _said(label: Label) -> str:
    numbers = (
        label.sku,
        label.distributor_part,
        label.manufacturer_part,
        label.customer_part,
        label.gtin,
    )
    return " / ".join(filter(None, numbers))


def _new_part(label: Label, parts: Sequence[NumberedPart], answers: Answers) -> NewPart | None:
    number = _for_sku(label)
    if number is None:
        return None
    words = (label.manufacturer, label.manufacturer_part or number)
    return NewPart(
        sku=new_sku(number, (part.sku for part in parts)),
        name=" ".join(filter(None, words))[:_LONGEST_NAME],
        category=answers.category,
        distributor=label.source.value if label.source in _DISTRIBUTORS else "",
        supplier_number=(label.distributor_part or label.manufacturer_part or "")[:_LONGEST_NUMBER],
        maker_number=(label.manufacturer_part or label.gtin or "")[:_LONGEST_NUMBER],
        ean=label.gtin or "",
    )


def _as_known(new: NewPart) -> NumberedPart:
    return NumberedPart(
        new.sku,
        supplier_numbers=frozenset({(new.distributor, new.supplier_number)}),
        maker_numbers=frozenset({new.maker_number}),
        ean=new.ean,
    )


def _purchase_of(
    label: Label, sku: str, awaited: Sequence[Awaited], answers: Answers
) -> tuple[Awaited, str] | None:
    """Return the purchase that awaits the pieces, and by what it was recognized, if any does."""
    candidates = [one for one in awaited if one.sku == sku]
    told = (answers.purchase or "").upper() or None
    named = told or our_number(label)
    if named is not None:
        for one in candidates:
            if one.purchase == named:
                return one, "as you say" if told else "by our number"
        if answers.cost is not None and told is None:
            return None
        numbers = tuple(one.purchase for one in candidates)
        others = f" {_listed(numbers)} does; say so with --order." if numbers else ""
        raise _UnclearError(f"{named} doesn't await {sku} any more.{others}", numbers)
    orders = _folded(label.sales_order, label.order)
    how = "as the only one that awaits it"
    if ordered := [one for one in candidates if _folded(one.order_number) & orders]:
        candidates, how = ordered, "by the seller's order number"
    if len(candidates) > 1:
        numbers = tuple(one.purchase for one in candidates)
        raise _UnclearError(
            f"{sku} is awaited by {_listed(numbers)}; say which with --order.", numbers
        )
    return (candidates[0], how) if candidates else None


def _without(awaited: Iterable[Awaited], receipt: Receipt) -> list[Awaited]:
    left = [
        replace(one, pieces=one.pieces - receipt.pieces)
        if (one.sku, one.purchase) == (receipt.sku, receipt.purchase)
        else one
        for one in awaited
    ]
    return [one for one in left if one.pieces > 0]


def _listed(choices: Sequence[str]) -> str:
    more = len(choices) - _CHOICES_SHOWN
    return ", ".join(choices[:_CHOICES_SHOWN]) + (f" and {more} more" if more > 0 else "")
