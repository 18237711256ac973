"""Reading what callers send: bounded in size, strict in form."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NoReturn

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.problems import ProblemError, problem
from hotrod.errors import InvalidInputError

_MOST_FIELDS = 40


@dataclass(frozen=True)
class RawPhoto:
    """A photo as it was sent."""

    field: str
    filename: str
    content_type: str
    data: bytes


class BodyLimit:
    """Refuses bodies over a limit, by their announced length or while they come in.

    Args:
        app: what is protected.
        most: bytes.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > self._most:
            await problem(_too_large(self._most))(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._most:
                raise _too_large(self._most)
            return message

        await self._app(scope, counted, send)


async def read_request(request: Request, max_photos: int) -> tuple[dict[str, Any], list[RawPhoto]]:
    """Return the fields and photos of a request, sent as JSON or as a multipart form.

    Raises:
        ProblemError: another content type, or a body that can't be read.
        InvalidInputError: photos that can't be read.
    """
    content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type == "application/json":
        fields = _json_object(await request.body())
        return fields, _json_photos(fields.pop("photos", []), max_photos)
    if content_type == "multipart/form-data":
        return await _form(request, max_photos)
    detail = "Send application/json or multipart/form-data."
    raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)


def _json_object(body: bytes) -> dict[str, Any]:
    def refuse(constant: str) -> NoReturn:
        raise ValueError(constant)

    try:
        found = json.loads(body, parse_constant=refuse)
    except (ValueError, RecursionError):
        detail = "The body is not JSON. Check commas, quotes and encoding (UTF-8)."
        raise ProblemError(HTTPStatus.BAD_REQUEST, detail) from None
    if not isinstance(found, dict):
        raise ProblemError(HTTPStatus.BAD_REQUEST, "The body must be a JSON object.")
    return found


def _json_photos(given: object, most: int) -> list[RawPhoto]:
    if given is None:
        return []
    if not isinstance(given, list):
        raise InvalidInputError("photos", "This is not a list.", "Send a list of photos.")
    _check_count(len(given), most)
    return [_json_photo(f"photos.{index}", item) for index, item in enumerate(given)]


def _json_photo(field: str, item: object) -> RawPhoto:
    names = ("filename", "content_type", "data_base64")
    if not isinstance(item, dict) or set(item) != set(names):
        raise InvalidInputError(field, "Fields are wrong.", f"Send {', '.join(names)}.")
    filename, content_type, encoded = (item[name] for name in names)
    if not all(isinstance(value, str) for value in item.values()):
        raise InvalidInputError(field, "Fields are wrong.", "Send text in all three fields.")
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        name = f"{field}.data_base64"
        raise InvalidInputError(name, "This is not base64.", "Encode by RFC 4648.") from None
    return RawPhoto(field, filename, content_type, data)


async def _form(request: Request, most: int) -> tuple[dict[str, Any], list[RawPhoto]]:
    try:
        async with request.form(max_files=most, max_fields=_MOST_FIELDS) as form:
            return await _sorted(form)
    except ProblemError:
        raise
    except (HTTPException, UnicodeError) as error:
        if "Too many files" in str(error):
            _check_count(most + 1, most)
        detail = "The form can't be read. Check its boundary and the number of its fields."
        raise ProblemError(HTTPStatus.BAD_REQUEST, detail) from None


async def _sorted(form: FormData) -> tuple[dict[str, Any], list[RawPhoto]]:
    fields: dict[str, Any] = {}
    photos: list[RawPhoto] = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if name != "photos":
                raise InvalidInputError(name[:60], "No file belongs here.", "Send it as photos.")
            if value.filename or value.size:
                photos.append(await _form_photo(len(photos), value))
        elif name in fields:
            raise InvalidInputError(name[:60], "The field came twice.", "Send it once.")
        else:
            fields[name] = value
    return fields, photos


async def _form_photo(index: int, upload: UploadFile) -> RawPhoto:
    return RawPhoto(
        f"photos.{index}", upload.filename or "", upload.content_type or "", await upload.read()
    )


def _check_count(count: int, most: int) -> None:
    if count > most:
        raise InvalidInputError(
            "photos", "There are too many photos.", f"Send at most {most} photos."
        )


def _too_large(most: int) -> ProblemError:
    detail = f"The body is larger than {most // 1_000_000} MB. Send smaller or fewer photos."
    return ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
