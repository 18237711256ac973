"""The businesses, as the other tables refer to them."""

from __future__ import annotations

from sqlmodel import Field, SQLModel


class BusinessRow(SQLModel, table=True):
    """A business of the company file; removed ones stay, for their tickets' sake."""

    __tablename__ = "businesses"

    key: str = Field(primary_key=True, max_length=31)
    name: str = Field(max_length=80)
    ticket_prefix: str = Field(max_length=4, unique=True)
    active: bool = True
