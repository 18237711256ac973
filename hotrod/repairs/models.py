"""Tickets and what hangs on them: status history, photos, diagnoses."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from hotrod.db.columns import json, long_text, primary_key, timestamp


class TicketStatus(StrEnum):
    """Where a ticket stands; the allowed moves are in ``rules.py``."""

    RECEIVED = "received"
    AWAITING_ANSWER = "awaiting_answer"
    QUOTED = "quoted"
    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED = "expired"
    ROUTED = "routed"
    IN_REPAIR = "in_repair"
    READY = "ready"
    COLLECTED = "collected"
    CANCELLED = "cancelled"


class Urgency(StrEnum):
    """How soon the customer wants it; rush costs a surcharge."""

    NORMAL = "normal"
    RUSH = "rush"


class Route(StrEnum):
    """What a message turned out to be; only REPAIR goes to the bench."""

    REPAIR = "repair"
    STATUS_QUESTION = "status_question"
    OPENING_HOURS = "opening_hours"
    COMPLAINT = "complaint"
    SALES = "sales"
    INVOICE = "invoice"
    JOB_APPLICATION = "job_application"
    PRIVACY_REQUEST = "privacy_request"
    SPAM = "spam"
    EMPTY = "empty"


class Danger(StrEnum):
    """A hazard that is told to the customer before anything else."""

    SWOLLEN_BATTERY = "swollen_battery"
    MAINS = "mains"
    SMOKE = "smoke"
    LIQUID = "liquid"


class Ticket(SQLModel, table=True):
    """One request of one customer about one device."""

    __tablename__ = "tickets"

    id: UUID = primary_key()
    number: str = Field(max_length=16, unique=True, description="e.g. NL-1042")
    business_key: str = Field(foreign_key="businesses.key", index=True, max_length=31)
    customer_id: UUID = Field(foreign_key="customers.id", index=True)
    device_id: UUID = Field(foreign_key="devices.id")
    contact_name: str = Field(max_length=120, description="Name given with this request.")
    alias: str = Field(max_length=254, description="Our address that was written to.")
    title: str = Field(max_length=80, description="Free of personal data, e.g. PS5: no picture.")
    problem: str = long_text()
    urgency: str = Field(max_length=10)
    status: str = Field(max_length=20, index=True)
    route: str = Field(max_length=20)
    dangers: list[str] = json(default=list)
    needs_review: bool = Field(
        default=False, description="A technician must look before it goes on."
    )
    technician_id: UUID | None = Field(default=None, foreign_key="technicians.id", index=True)
    run_id: UUID | None = Field(default=None, description="The Prefect flow run that took it in.")
    opened_at: datetime = timestamp(index=True)
    updated_at: datetime = timestamp()


class StatusChange(SQLModel, table=True):
    """One move of a ticket from status to status."""

    __tablename__ = "status_changes"

    id: UUID = primary_key()
    ticket_id: UUID = Field(foreign_key="tickets.id", index=True)
    from_status: str | None = Field(default=None, max_length=20)
    to_status: str = Field(max_length=20)
    actor: str = Field(max_length=80, description="customer, system, or technician:<key>")
    reason: str = long_text(default="")
    at: datetime = timestamp()


class Photo(SQLModel, table=True):
    """A picture that came with a ticket; the bytes are in the object store."""

    __tablename__ = "photos"
    __table_args__ = (UniqueConstraint("ticket_id", "sha256"),)

    id: UUID = primary_key()
    ticket_id: UUID = Field(foreign_key="tickets.id", index=True)
    object_key: str = Field(max_length=200)
    filename: str = Field(max_length=120)
    content_type: str = Field(max_length=40)
    size_bytes: int
    width: int
    height: int
    sha256: str = Field(max_length=64, description="Of the bytes as stored, without metadata.")
    created_at: datetime = timestamp()


class Diagnosis(SQLModel, table=True):
    """What is probably wrong, who says so, and on what evidence; never overwritten."""

    __tablename__ = "diagnoses"
    __table_args__ = (UniqueConstraint("ticket_id", "version"),)

    id: UUID = primary_key()
    ticket_id: UUID = Field(foreign_key="tickets.id", index=True)
    version: int = Field(ge=1)
    source: str = Field(max_length=10, description="claude or rules")
    model: str = Field(max_length=80, description="Model, or version of the rule table.")
    because: str = long_text(default="")
    fault: str = Field(max_length=200)
    category: str = Field(max_length=20)
    confidence: Decimal = Field(max_digits=3, decimal_places=2, description="0 to 1")
    labour_hours: Decimal = Field(max_digits=5, decimal_places=2)
    evidence: list[dict[str, Any]] = json(default=list)
    likely_parts: list[str] = json(default=list)
    questions: list[str] = json(default=list)
    plan: list[str] = json(default=list)
    created_at: datetime = timestamp()
