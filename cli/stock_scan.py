"""Goods that come in by photos of their labels: read, shown, agreed, posted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.table import Table
from rich.text import Text

from cli.console import fail, out, print_json
from cli.database import run, transaction
from hotrod.errors import HotrodError
from hotrod.receiving.models import Answers, Meaning, Question, Receipt, ReceivedBefore
from hotrod.settings import load_settings

if TYPE_CHECKING:
    from hotrod.parts.ledger import Posted
    from hotrod.receiving.models import ScannedLabel


@dataclass(frozen=True)
class Scan:
    """What is scanned, and what may be done with it.

    Args:
        images: photos of labels.
        answers: what is said where labels leave it open.
        location: where the goods are put.
        is_agreed: they are posted without a question.
        is_other: bags that say what others said before are counted.
        as_json: one JSON object is printed, and nobody is asked.
    """

    images: Sequence[Path]
    answers: Answers
    location: str
    is_agreed: bool
    is_other: bool
    as_json: bool


def receive_scanned(scan: Scan) -> None:
    """Take in what labels on photos bring, once it is agreed.

    Exit status 1: a label leaves something open, or there is none on a photo.
    """
    labels, images = _labels(scan)
    meanings, currency = run(_understood(labels, scan.answers))
    receipts = [one for one in meanings if isinstance(one, Receipt)]
    if not scan.as_json and labels:
        out.print(_table(images, labels, meanings))
    posted, closed = [], []
    if receipts and (scan.is_agreed or not scan.as_json):
        if not scan.is_agreed:
            typer.confirm(f"Take in {sum(one.pieces for one in receipts)} pieces?", abort=True)
        posted = run(_taken_in(labels, scan, meanings, currency))
        closed = run(_closed())
    if scan.as_json:
        _print_scan(images, labels, meanings, closed, is_posted=bool(posted))
    else:
        _print_posted(receipts, posted, closed)
    questions = [one for one in meanings if isinstance(one, Question)]
    for question in questions:
        fail(question.words)
    unread = [image for image in scan.images if image not in images]
    for image in unread:
        fail(
            f"{image}: there is no label that we can read. "
            "Go nearer, with more light, and let the symbol lie flat."
        )
    if questions or unread:
        raise typer.Exit(1)


def _labels(scan: Scan) -> tuple[list[ScannedLabel], list[Path]]:
    """Return the labels of all photos, and the photo of each."""
    from hotrod.labels.reading import read_labels
    from hotrod.receiving.rules import scanned
    from hotrod.receiving.store import as_other_bags

    limits = load_settings().objects
    labels: list[ScannedLabel] = []
    images: list[Path] = []
    for image in scan.images:
        try:
            found = read_labels(image.read_bytes(), limits, field=str(image))
        except OSError as error:
            raise HotrodError(f"{image} can't be read: {error.strerror}") from None
        labels += scanned(one.label for one in found)
        images += [image] * len(found)
    return as_other_bags(labels) if scan.is_other else labels, images


async def _understood(
    labels: Sequence[ScannedLabel], answers: Answers
) -> tuple[list[Meaning], str]:
    from hotrod.company.load import get_company
    from hotrod.receiving.store import understand_scans

    currency = get_company().pricing.currency
    async with transaction() as session:
        return await understand_scans(session, labels, answers, currency=currency), currency


async def _taken_in(
    labels: Sequence[ScannedLabel], scan: Scan, meanings: Sequence[Meaning], currency: str
) -> list[Posted]:
    from hotrod.receiving.store import take_in

    async with transaction() as session:
        return await take_in(
            session,
            labels,
            scan.answers,
            meanings,
            currency=currency,
            actor=f"cli:{getuser()}",
            location=scan.location,
        )


async def _closed() -> list[str]:
    """Close the purchases of which all has come, and return their numbers."""
    from hotrod.db.columns import now
    from hotrod.purchasing.buying import note_received

    async with transaction() as session:
        return [one.number for one in await note_received(session, now())]


def _table(
    images: Sequence[Path], labels: Sequence[ScannedLabel], meanings: Sequence[Meaning]
) -> Table:
    from hotrod.sourcing.words import price_words

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("image", "label", "part", "pieces", "purchase", "cost", "because"):
        table.add_column(heading, overflow="fold")
    words = _words(labels, meanings)
    for image, scan, meaning, said in zip(images, labels, meanings, words, strict=True):
        body = _as_json(meaning)
        cost = ""
        if isinstance(meaning, Receipt):
            cost = f"{price_words(meaning.cost)} {meaning.currency}"
        cells = (body.get("sku"), body.get("pieces"), body.get("purchase"), cost, said)
        table.add_row(
            Text(image.name), Text(scan.label.source), *(Text(str(cell or "")) for cell in cells)
        )
    return table


def _words(labels: Sequence[ScannedLabel], meanings: Sequence[Meaning]) -> list[str]:
    """Return what is told of each label; one seen on another photo before means nothing more."""
    seen: set[str] = set()
    words = []
    for scan, meaning in zip(labels, meanings, strict=True):
        words.append("was seen before; a label counts once" if scan.key in seen else _told(meaning))
        seen.add(scan.key)
    return words


def _told(meaning: Meaning) -> str:
    if isinstance(meaning, Receipt):
        surplus = f"; {meaning.surplus} more than it awaits" if meaning.surplus else ""
        return f"{meaning.why}{surplus}"
    if isinstance(meaning, ReceivedBefore):
        return f"came in at {meaning.at:%Y-%m-%d %H:%M} UTC; another bag like it: --again"
    return meaning.words if meaning else "names no part that we know; passed over"


def _print_posted(
    receipts: Sequence[Receipt], posted: Sequence[Posted], closed: Sequence[str]
) -> None:
    for receipt, one in zip(receipts, posted, strict=False):
        moved = one.movement
        if receipt.new_part is not None:
            told = f"{receipt.sku} is a new part; it isn't active. Look at it first, then:"
            out.print(Text(f"{told} hotrod parts change {receipt.sku} --active"), soft_wrap=True)
        out.print(
            Text(
                f"{receipt.sku} at {moved.location}: +{moved.quantity}, now {moved.on_hand_after}."
            )
        )
    for number in closed:
        out.print(Text(f"{number} has come, all of it."))
    if not posted:
        out.print("Nothing was taken in.")


def _print_scan(
    images: Sequence[Path],
    labels: Sequence[ScannedLabel],
    meanings: Sequence[Meaning],
    closed: Sequence[str],
    *,
    is_posted: bool,
) -> None:
    words = _words(labels, meanings)
    rows = [
        {
            "image": str(image),
            "source": scan.label.source.value,
            "is_posted": is_posted and isinstance(meaning, Receipt),
            **_as_json(meaning),
            "words": said,
        }
        for image, scan, meaning, said in zip(images, labels, meanings, words, strict=True)
    ]
    print_json({"labels": rows, "closed": list(closed)})


def _as_json(meaning: Meaning) -> dict[str, Any]:
    if isinstance(meaning, Receipt):
        return {
            "outcome": "receipt",
            "sku": meaning.sku,
            "pieces": meaning.pieces,
            "surplus": meaning.surplus,
            "purchase": meaning.purchase,
            "cost": f"{meaning.cost:f}",
            "currency": meaning.currency,
            "lot": meaning.lot,
            "is_new_part": meaning.new_part is not None,
        }
    if isinstance(meaning, ReceivedBefore):
        return {
            "outcome": "received before",
            "sku": meaning.sku,
            "pieces": meaning.pieces,
            "purchase": meaning.purchase,
        }
    if isinstance(meaning, Question):
        return {"outcome": "question", "choices": list(meaning.choices)}
    return {"outcome": "nothing"}
