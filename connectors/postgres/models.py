"""What a database answers."""

from __future__ import annotations

from collections.abc import Mapping

Row = Mapping[str, object]
"""Column names to values, of the types that asyncpg gives."""
