"""What the settings of all outside services have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated

from pydantic import Field, SecretStr

from hotrod.sections import Section

NO_SECRET = SecretStr("")
SANDBOX_SECRET = SecretStr("sandbox-secret")
Seconds = Annotated[float, Field(gt=0, le=600)]


class ServiceSection(Section):
    """How to reach one service."""

    @classmethod
    @abstractmethod
    def played(cls, _root: str) -> dict[str, object]:
        """Return what the section holds when a stand-in plays its service.

        Args:
            _root: URL of the stand-ins.
        """
