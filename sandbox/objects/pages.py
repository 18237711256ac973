"""Object storage's page: the buckets and the files in them, to see and to change."""

from __future__ import annotations

import mimetypes
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse

from sandbox.html import LATEST, from_own_page, page
from sandbox.objects.buckets import check_name
from sandbox.objects.errors import S3Error
from sandbox.objects.store import FIRST_BUCKET, Bucket, Buckets
from sandbox.state import SandboxState, State

router = APIRouter(default_response_class=HTMLResponse)
own_page = [Depends(from_own_page)]


@router.get("/objects")
async def objects(
    request: Request, state: State, bucket: str = FIRST_BUCKET, prefix: str = ""
) -> Response:
    """Show the files of a bucket whose keys begin with a prefix."""
    chosen = _bucket_or_404(state, bucket)
    found = [one for one in sorted(chosen.objects.items()) if one[0].startswith(prefix)]
    return page(
        request,
        "objects.html",
        buckets=state.store(Buckets).all(),
        bucket=chosen,
        prefix=prefix,
        found=found[:LATEST],
        count=len(found),
    )


@router.post("/objects", dependencies=own_page)
async def create_bucket(state: State, name: Annotated[str, Form()]) -> Response:
    """Make a bucket."""
    try:
        check_name(name)
    except S3Error as error:
        raise HTTPException(422, error.message) from None
    if state.store(Buckets).get(name) is None:
        state.store(Buckets).create(name)
    return _back(name)


@router.post("/objects/{bucket}", dependencies=own_page)
async def upload(
    bucket: str, state: State, file: UploadFile, key: Annotated[str, Form()] = ""
) -> Response:
    """Write a file, under its own name if no key is given."""
    chosen, name = _bucket_or_404(state, bucket), key or file.filename or ""
    if not name:
        raise HTTPException(422, "Choose a file.")
    kind = file.content_type or mimetypes.guess_type(name)[0] or "binary/octet-stream"
    chosen.put(name, await file.read(), {"content-type": kind})
    return _back(bucket)


@router.post("/objects/{bucket}/delete", dependencies=own_page)
async def delete(bucket: str, state: State, key: Annotated[str, Form()]) -> Response:
    """Delete a file."""
    _bucket_or_404(state, bucket).objects.pop(key, None)
    return _back(bucket)


@router.get("/objects/{bucket}/file")
async def download(bucket: str, state: State, key: str) -> Response:
    """Hand out a file, never shown in place."""
    stored = _bucket_or_404(state, bucket).objects.get(key)
    if stored is None:
        raise HTTPException(404, "There is no such file; the stand-in may have been reset.")
    name = quote(key.rpartition("/")[2], safe="")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(stored.content, media_type="application/octet-stream", headers=headers)


def _bucket_or_404(state: SandboxState, name: str) -> Bucket:
    bucket = state.store(Buckets).get(name)
    if bucket is None:
        raise HTTPException(404, "There is no such bucket; the stand-in may have been reset.")
    return bucket


def _back(bucket: str) -> Response:
    return RedirectResponse(f"/objects?bucket={quote(bucket)}", 303)
