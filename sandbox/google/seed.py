"""A believable Drive: lead files, the sheet of orders, notes, and a shared drive."""

from __future__ import annotations

from sandbox.google.files import DOCUMENT, FOLDER, SPREADSHEET, DriveFile, DriveStore, SharedDrive
from sandbox.google.grid import Cell, Sheet
from sandbox.state import SandboxState
from sandbox.story import Story

TEAM = SharedDrive(id="0ASandboxTeamDriveUk9PVA", name="Sales")


def seed(state: SandboxState, story: Story) -> None:
    """Fill Drive with what the story tells."""
    store = state.store(DriveStore)
    store.add_drive(TEAM)
    leads = store.add(
        DriveFile(name="Leads", mime_type=FOLDER, parents=(TEAM.id,), drive_id=TEAM.id)
    )
    for file in story.lead_files:
        store.add(
            DriveFile(
                name=file.name,
                mime_type="text/csv",
                content=file.content,
                parents=(leads.id,),
                drive_id=TEAM.id,
                created_at=file.changed_at,
                modified_at=file.changed_at,
            )
        )
    store.add(
        DriveFile(name="Orders", mime_type=SPREADSHEET, sheets=(_orders(story), _parts(story)))
    )
    store.add(
        DriveFile(
            name="How we grade repairs",
            mime_type=DOCUMENT,
            content=b"A: a part is swapped.\nB: a board is reworked.\nC: we pass it on.\n",
        )
    )


def _orders(story: Story) -> Sheet:
    header: tuple[Cell, ...] = ("Order", "Placed", "Customer", "E-mail", "Items", "Total (CAD)")
    rows = tuple(
        (
            order.number,
            f"{order.placed_at:%Y-%m-%d}",
            order.buyer.name,
            order.buyer.email,
            sum(line.quantity for line in order.lines),
            float(order.total),
        )
        for order in story.orders
    )
    return Sheet("Orders", (header, *rows))


def _parts(story: Story) -> Sheet:
    header: tuple[Cell, ...] = ("SKU", "Name", "Price (CAD)", "In stock", "Supplier")
    rows = tuple(
        (part.sku, part.name, float(part.price), part.stock, part.supplier) for part in story.parts
    )
    return Sheet("Parts & prices", (header, *rows), sheet_id=1)
