"""Bodies that clients send."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException


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


async def read_form(request: Request, largest_part_bytes: int = 1024 * 1024) -> FormData:
    """Read a request's form, of either encoding; what is neither is an empty one.

    Of files, only the names are left.

    Raises:
        ValueError: its parts can't be told from each other, or one is too large.
    """
    try:
        async with request.form(max_part_size=largest_part_bytes) as form:
            return form
    except HTTPException as error:
        raise ValueError(error.detail) from error
