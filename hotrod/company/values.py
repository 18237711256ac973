"""What the sections of the company file are made of."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,30}$")]
Money = Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2)]
Share = Annotated[Decimal, Field(ge=0, le=5, max_digits=6, decimal_places=4)]


class Section(BaseModel):
    """A section of the company file; a name that it doesn't know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
