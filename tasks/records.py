"""Steps on our own records."""

from __future__ import annotations

