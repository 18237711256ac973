"""Bodies that clients send."""

from __future__ import annotations

import json
from typing import Any


def read_json(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Read a body as JSON that can be answered again.

    Raises:
        ValueError: it isn't JSON, is nested too deep, or holds NaN or half of a character.
    """
    try:
        read = json.loads(body)
        json.dumps(read, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return read
