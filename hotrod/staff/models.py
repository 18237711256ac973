"""Technicians and their absences, as the company file names them."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import Field, SQLModel

from hotrod.db.columns import json, primary_key


class TechnicianRow(SQLModel, table=True):
    """A technician; those who left stay, inactive, for their tickets' sake."""

    __tablename__ = "technicians"

    id: UUID = primary_key()
    key: str = Field(max_length=31, unique=True)
    name: str = Field(max_length=80)
    email: str = Field(max_length=254)
    slack: str = Field(default="", max_length=80)
    skills: list[Any] = json(default=list)
    capacity: int
    active: bool = True


class AbsenceRow(SQLModel, table=True):
    """Days without new work, both ends included."""

    __tablename__ = "absences"

    id: UUID = primary_key()
    technician_id: UUID = Field(foreign_key="technicians.id", index=True)
    first_day: date
    last_day: date
