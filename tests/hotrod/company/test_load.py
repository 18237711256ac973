"""The company file: the sample is good, and mistakes are named."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.load import SAMPLE, load_company
from hotrod.company.models import Company
from hotrod.company.store import next_ticket_number, sync_company
from hotrod.company.tables import BusinessRow
from hotrod.errors import SettingsError
from hotrod.parts.ledger import post
from hotrod.parts.models import MovementKind
from hotrod.parts.movements import NewMovement
from hotrod.parts.store import catalogue
from hotrod.staff.models import TechnicianRow


def test_the_sample_is_the_group_of_eight() -> None:
    company = load_company()
    assert len(company.businesses) == 8
    assert all(
        alias.endswith("example.com")
        for business in company.businesses
        for alias in business.aliases
    )


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('time_zone = "America/Toronto"', 'time_zone = "Ottawa"', "America/Toronto"),
        ('default_business = "noizylab"', 'default_business = "teelixir"', "repairs = true"),
        ('ticket_prefix = "FM"', 'ticket_prefix = "NL"', "ticket prefix given twice: NL"),
        ("labour_cost_per_hour = 38.00", "labour_cost_per_hour = -1", "labour_cost_per_hour"),
        ('province = "BC"', 'province = "XX"', "businesses.3.province"),
        ("closes = 16:00:00", "closes = 09:00:00", "opens must be before closes"),
        ("{ margin = 0.25 },", "", "last margin rule"),
        ('key = "renee"', 'key = "daniel"', "manager key given twice: daniel"),
        ('slack = "U0RENEE01"', "limit = 9000.00", "1 of the managers have no limit, but 2 must"),
        ("reminder_hours = 9", "reminder_hours = 18", "less than deadline_hours"),
        ('name = "Hot Rod Group"', "name = ", "line"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, named: str) -> None:
    text = SAMPLE.read_text()
    assert old in text
    file = tmp_path / "company.toml"
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(SettingsError) as raised:
        load_company(file)
    assert named in str(raised.value)


def test_managers_who_all_have_a_limit_leave_amounts_that_nobody_may_approve(
    company: Company,
) -> None:
    (limited, *_) = company.managers
    file = company.model_dump() | {"approvals": {}}
    with pytest.raises(ValueError, match="leave a limit away "):
        Company.model_validate(file | {"managers": [limited.model_dump(exclude={"role"})]})
    Company.model_validate(file | {"managers": []})
    with pytest.raises(ValueError, match=r"0 of the managers .* or two_person_above"):
        Company.model_validate(file | {"managers": [], "approvals": {"two_person_above": 10}})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        load_company(tmp_path / "nowhere.toml")


async def test_what_the_file_drops_turns_inactive_and_stock_is_kept(
    session: AsyncSession, company: Company
) -> None:
    counted = NewMovement("counted", "OPAMP-LM4562", MovementKind.COUNT, quantity=1, actor="maya")
    await post(session, counted)
    smaller = company.model_copy(
        update={"businesses": company.businesses[:2], "technicians": company.technicians[:1]}
    )
    await sync_company(session, smaller)
    active = await session.exec(select(BusinessRow.key).where(BusinessRow.active))
    assert set(active.all()) == {"noizylab", "fish_music"}
    people = await session.exec(
        select(TechnicianRow.key).where(TechnicianRow.active).order_by(col(TechnicianRow.key))
    )
    assert people.all() == ["maya"]
    (part,) = await catalogue(session, ["OPAMP-LM4562"])
    assert part.available == 1


async def test_ticket_numbers_go_on_per_business(session: AsyncSession) -> None:
    first, second = [await next_ticket_number(session, "NL") for _ in range(2)]
    assert first.startswith("NL-")
    assert int(second.removeprefix("NL-")) == int(first.removeprefix("NL-")) + 1
    assert (await next_ticket_number(session, "HC")).startswith("HC-")


def test_managers_have_the_limit_of_their_role_unless_they_have_one_of_their_own(
    company: Company,
) -> None:
    file = company.model_dump(exclude_unset=True)
    approvals = file["approvals"] | {"limits": {"lead": "500", "buyer": "90.50"}}
    people: list[dict[str, Any]] = [
        {"key": "ann", "role": "buyer"},
        {"key": "bob", "role": "buyer", "limit": "120"},
        {"key": "cleo"},
        {"key": "dan"},
    ]
    managers = [
        {"name": one["key"], "email": f"{one['key']}@hotrod.example.com"} | one for one in people
    ]

    read = Company.model_validate(file | {"approvals": approvals, "managers": managers})

    assert [one.limit for one in read.managers] == [Decimal("90.50"), Decimal(120), None, None]


def test_a_role_without_a_limit_is_refused(company: Company) -> None:
    file = company.model_dump(exclude_unset=True)
    managers = [one.model_dump() for one in company.managers]
    with pytest.raises(ValueError, match="names no role boss"):
        Company.model_validate(file | {"managers": [*managers[1:], managers[0] | {"role": "boss"}]})
