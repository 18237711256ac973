"""Google's part of the control API: what would happen by itself, when a test wants it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field

from sandbox.google.channels import Delivery
from sandbox.google.files import ROOT, DriveFile, DriveStore
from sandbox.google.tokens import GoogleTokens
from sandbox.state import State

router = APIRouter(prefix="/google")


class HalfUploaded(BaseModel):
    """A file of which only a part has arrived."""

    name: str
    content: str = Field("", description="What has arrived so far.")
    parent: str = Field(ROOT, description="Folder or shared drive.")


@router.post("/deliver")
async def deliver(
    state: State,
    repeat: Annotated[int, Query(ge=1, le=10, description="How often each is sent.")] = 1,
    shuffle: Annotated[bool, Query(description="In any order.")] = False,  # noqa: FBT002
) -> list[Delivery]:
    """Deliver the push messages that wait; status 0: the address was not reached."""
    return await state.store(DriveStore).channels.deliver(repeat=repeat, shuffle=shuffle)


@router.post("/half-uploads", status_code=201)
async def begin_upload(half: HalfUploaded, state: State) -> dict[str, str]:
    """Keep a file that has neither size nor checksum yet."""
    store = state.store(DriveStore)
    parent = store.get(half.parent)
    drive_id = parent.drive_id if parent else half.parent if store.drive(half.parent) else ""
    file = DriveFile(
        name=half.name,
        content=half.content.encode(),
        parents=(half.parent,),
        drive_id=drive_id,
        is_whole=False,
    )
    return {"id": store.add(file).id}


@router.post("/half-uploads/{file_id}/finish", status_code=204)
async def finish_upload(file_id: str, state: State) -> None:
    """Let the rest of a file arrive."""
    store = state.store(DriveStore)
    file = store.get(file_id)
    if file is None:
        raise HTTPException(404, "There is no such file.")
    store.change(file, is_whole=True)


@router.post("/forget-changes", status_code=204)
async def forget_changes(state: State) -> None:
    """Let the page tokens given so far be too old."""
    state.store(DriveStore).forget_changes()


@router.post("/expire-tokens", status_code=204)
async def expire_tokens(state: State) -> None:
    """Let every access token end now."""
    state.store(GoogleTokens).expire_all()
