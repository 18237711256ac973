from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sandbox.google.files import DriveFile
from sandbox.google.query import parse_query

FILE = DriveFile(
    name="Ann's leads 2026.csv",
    mime_type="text/csv",
    content=b"Roy Music",
    parents=("folder",),
    starred=True,
    modified_at=datetime(2026, 11, 1, 12, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", True),
        (r"name = 'Ann\'s leads 2026.csv'", True),
        ("name != 'x'", True),
        ("name contains 'lead'", True),
        ("name contains 'eads'", False),
        ("mimeType = 'text/csv' and trashed = false", True),
        ("mimeType = 'text/csv' and trashed=true", False),
        ("mimeType contains 'image/' or starred = true", True),
        ("not starred = true", False),
        ("trashed != true", True),
        ("'folder' in parents", True),
        ("'root' in parents", False),
        ("fullText contains 'music'", True),
        ("modifiedTime > '2026-11-01T11:59:59'", True),
        ("modifiedTime >= '2026-11-01T12:00:00Z' and modifiedTime < '2026-11-02'", True),
        ("modifiedTime > '2026-11-01T08:00:00-05:00'", False),
        ("trashed = true and starred = true or name contains 'ann'", True),
        ("trashed = true and (starred = true or name contains 'ann')", False),
    ],
)
def test_searches_find_what_they_name(query: str, found: bool) -> None:  # noqa: FBT001
    assert parse_query(query)(FILE) is found
