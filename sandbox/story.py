"""A believable company for the stand-ins: people, businesses, parts, orders, repairs, mails.

The same number and scale tell the same story, to the letter; dates count from one fixed day.
Addresses lie in domains that are reserved for examples (RFC 2606), telephone numbers in the
range that is reserved for fiction (555-0100 to 555-0199).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

FIRST_DAY = datetime(2026, 9, 1, 13, tzinfo=UTC)
_DAYS = 60

# fmt: off
_FIRST = (
    "Amélie", "Noah", "Olivia", "Liam", "Zoé", "Ethan", "Chloé", "Lucas", "Maya", "Félix", "Sofia",
    "Omar", "Priya", "Mateo", "Ingrid", "Kwame", "Hannah", "Yusuf", "Aiko", "Thomas", "Léa",
    "Samuel", "Nadia", "Victor", "Grace", "Hugo", "Fatima", "Daniel", "Rosa", "Jian",
)
_LAST = (
    "Tremblay", "Gagnon", "Roy", "Smith", "Nguyen", "Patel", "Côté", "Bouchard", "Singh", "Martin",
    "Lavoie", "Fortin", "Chen", "Wilson", "Okafor", "Haddad", "Kowalski", "Garcia", "Bergeron",
    "Campbell", "Morin", "O'Neil", "Lévesque", "Fraser", "Rossi", "Tanaka",
)
_STREETS = (
    "Main", "King", "Queen", "Laurier", "Saint-Denis", "Bank", "Rideau", "Elm", "Maple",
    "Sherbrooke",
)
# fmt: on
_CITIES = (
    ("Ottawa", "ON", "K1P 1J1"),
    ("Montréal", "QC", "H2X 1Y4"),
    ("Gatineau", "QC", "J8X 3X2"),
    ("Toronto", "ON", "M5V 2T6"),
    ("Kingston", "ON", "K7L 1B4"),
    ("Halifax", "NS", "B3J 1S9"),
    ("Vancouver", "BC", "V6B 1A1"),
)
_TRADES = (
    ("Music", "music stores"),
    ("Studio", "recording studios"),
    ("Dental", "dental clinics"),
    ("Legal", "law offices"),
    ("Foods", "grocers"),
    ("Robotics", "manufacturers"),
    ("Cycles", "bicycle shops"),
    ("Optics", "opticians"),
)
_DEVICES = (
    ("Sony", "PlayStation 5"),
    ("Nintendo", "Switch OLED"),
    ("Apple", "iPhone 14"),
    ("Apple", 'MacBook Air 13"'),
    ("Yamaha", "HS8 monitor"),
    ("Korg", "Minilogue XD"),
    ("Samsung", "Galaxy S23"),
    ("Microsoft", "Surface Pro 9"),
)
_PARTS = (
    ("HDMI", "HDMI port", "6.40"),
    ("USBC", "USB-C charging port", "4.10"),
    ("BATT", "Battery", "31.50"),
    ("LCD", "Display assembly", "118.00"),
    ("FAN", "Cooling fan", "22.75"),
    ("STICK", "Analog stick module", "3.95"),
    ("PSU", "Power supply", "74.90"),
    ("SSD", "Solid-state drive 1 TB", "89.00"),
)
_FAULTS = (
    "shows no picture since the cable was pulled",
    "doesn't charge any more, whatever cable I use",
    "gets hot and shuts down after ten minutes",
    "fell from the desk, the screen is cracked",
    "makes a grinding noise when it starts",
    "was in the rain, now it doesn't turn on",
)
_SUPPLIERS = ("Northern Components", "Maple Parts Supply", "Pacific Spares", "Deli Electronics")


@dataclass(frozen=True)
class Person:
    """Somebody with an address."""

    first_name: str
    last_name: str
    email: str
    phone: str
    street: str
    city: str
    province: str
    postal_code: str

    @property
    def name(self) -> str:
        """Both names."""
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True)
class Business:
    """A company that may buy, and whom to speak to there."""

    name: str
    domain: str
    trade: str
    employees: int
    contact: Person


@dataclass(frozen=True)
class Part:
    """A part for a device; ``price`` is in CAD, ``stock`` may be 0."""

    sku: str
    name: str
    brand: str
    model: str
    price: Decimal
    stock: int
    supplier: str


@dataclass(frozen=True)
class Line:
    """So many of a part, each at a price."""

    part: Part
    quantity: int


@dataclass(frozen=True)
class Order:
    """What somebody bought, and when."""

    number: str
    buyer: Person
    lines: tuple[Line, ...]
    placed_at: datetime

    @property
    def total(self) -> Decimal:
        """In CAD, without taxes."""
        return sum((line.part.price * line.quantity for line in self.lines), Decimal(0))


@dataclass(frozen=True)
class Repair:
    """What somebody wants repaired, in the words of their mail."""

    customer: Person
    brand: str
    model: str
    subject: str
    text: str
    asked_at: datetime


@dataclass(frozen=True)
class LeadFile:
    """A file of leads as the sales company gets them: CSV, some rows wrong on purpose."""

    name: str
    content: bytes
    changed_at: datetime


@dataclass(frozen=True)
class Story:
    """All there is to tell."""

    people: tuple[Person, ...]
    businesses: tuple[Business, ...]
    suppliers: tuple[str, ...]
    parts: tuple[Part, ...]
    orders: tuple[Order, ...]
    repairs: tuple[Repair, ...]
    lead_files: tuple[LeadFile, ...]


def make_story(scale: float = 1, number: int = 1) -> Story:
    """Make up a company.

    Args:
        scale: 1 is 40 people, 24 businesses, 32 parts, 60 orders, 30 repairs, 3 lead files.
        number: the same one makes the same story.
    """
    dice = random.Random(number)  # noqa: S311 - repeatable on purpose
    people = [_person(dice, place, "example.org") for place in range(_count(40, scale))]
    businesses = [_business(dice, place) for place in range(_count(24, scale))]
    parts = [_part(dice, place) for place in range(_count(32, scale))]
    orders = [_order(dice, place, people, parts) for place in range(_count(60, scale))]
    repairs = [_repair(dice, people) for _ in range(_count(30, scale))]
    files = [_lead_file(dice, place, businesses) for place in range(_count(3, scale))]
    return Story(
        people=tuple(people),
        businesses=tuple(businesses),
        suppliers=_SUPPLIERS,
        parts=tuple(parts),
        orders=tuple(sorted(orders, key=lambda order: order.placed_at)),
        repairs=tuple(sorted(repairs, key=lambda repair: repair.asked_at)),
        lead_files=tuple(files),
    )


def _count(of_one: int, scale: float) -> int:
    return max(1, round(of_one * scale))


def _moment(dice: random.Random) -> datetime:
    return FIRST_DAY + timedelta(minutes=dice.randrange(_DAYS * 24 * 60))


def _person(dice: random.Random, place: int, domain: str) -> Person:
    first, last = dice.choice(_FIRST), dice.choice(_LAST)
    city, province, postal_code = dice.choice(_CITIES)
    login = f"{first}.{last}.{place}".lower().translate(_PLAIN)
    return Person(
        first_name=first,
        last_name=last,
        email=f"{login}@{domain}",
        phone=f"+1613555{dice.randrange(100, 200):04d}",
        street=f"{dice.randrange(1, 999)} {dice.choice(_STREETS)} St",
        city=city,
        province=province,
        postal_code=postal_code,
    )


_PLAIN = str.maketrans("àâçéèêëîïôûùü", "aaceeeeiiouuu", "' ")


def _business(dice: random.Random, place: int) -> Business:
    word, trade = dice.choice(_TRADES)
    name = f"{dice.choice(_LAST)} {word}"
    domain = f"{name.lower().translate(_PLAIN)}{place}.example"
    return Business(
        name=name,
        domain=domain,
        trade=trade,
        employees=dice.choice((2, 5, 8, 12, 25, 60, 140)),
        contact=_person(dice, place, domain),
    )


def _part(dice: random.Random, place: int) -> Part:
    brand, model = _DEVICES[place // len(_PARTS) % len(_DEVICES)]
    code, name, price = _PARTS[place % len(_PARTS)]
    factor = Decimal(dice.randrange(80, 141)) / 100
    return Part(
        sku=f"{brand[:3].upper()}-{code}-{place:04d}",
        name=f"{name} for {brand} {model}",
        brand=brand,
        model=model,
        price=(Decimal(price) * factor).quantize(Decimal("0.01")),
        stock=dice.choice((0, 1, 2, 3, 5, 8, 13, 40)),
        supplier=dice.choice(_SUPPLIERS),
    )


def _order(
    dice: random.Random, place: int, people: Sequence[Person], parts: Sequence[Part]
) -> Order:
    chosen = dice.sample(parts, min(len(parts), dice.randrange(1, 4)))
    return Order(
        number=f"SO-{place + 1:06d}",
        buyer=dice.choice(people),
        lines=tuple(Line(part, dice.randrange(1, 4)) for part in chosen),
        placed_at=_moment(dice),
    )


def _repair(dice: random.Random, people: Sequence[Person]) -> Repair:
    customer = dice.choice(people)
    brand, model = dice.choice(_DEVICES)
    fault = dice.choice(_FAULTS)
    return Repair(
        customer=customer,
        brand=brand,
        model=model,
        subject=f"{model} {fault.split(',')[0]}",
        text=f"Hello,\n\nmy {brand} {model} {fault}. Can you look at it?\n\n{customer.name}\n",
        asked_at=_moment(dice),
    )


def _lead_file(dice: random.Random, place: int, businesses: Sequence[Business]) -> LeadFile:
    """Write a file with the flaws that such files have: a repeated row, a bad address, a gap."""
    rows = [
        f'"{one.name}",{one.contact.first_name},{one.contact.last_name},{one.contact.email},'
        f"{one.contact.phone},{one.trade},{one.employees}"
        for one in dice.sample(businesses, min(len(businesses), 12))
    ]
    rows.append(rows[0])
    rows.append('"No Address Inc",Pat,Doe,not-an-address,,,')
    rows.append(",,,,,,")
    text = "company,first name,last name,email,phone,trade,employees\r\n" + "\r\n".join(rows)
    return LeadFile(
        name=f"leads {FIRST_DAY:%Y-%m} {place + 1:02d}.csv",
        content=(text + "\r\n").encode(),
        changed_at=_moment(dice),
    )
