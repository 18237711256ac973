"""What the parts of a running stack take: memory and time."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psutil

from hotrod.stack.record import PartRecord


@dataclass(frozen=True)
class Usage:
    """Of one part with its children: resident memory in MB, and seconds since its start."""

    rss_mb: float
    uptime_seconds: float


def usage(part: PartRecord) -> Usage | None:
    """Measure a part; None when no process of it lives. Memory that it shares counts once."""
    process = part.process.find() if part.process else None
    if process is None:
        return None
    try:
        memory = process.memory_info().rss + sum(
            _private(child) for child in process.children(recursive=True)
        )
    except psutil.NoSuchProcess:
        return None
    return Usage(
        rss_mb=round(memory / 1e6, 1),
        uptime_seconds=round(time.time() - process.create_time(), 1),
    )


def _private(process: psutil.Process) -> int:
    try:
        memory = process.memory_info()
    except psutil.NoSuchProcess:
        return 0
    return int(memory.rss - getattr(memory, "shared", 0))
