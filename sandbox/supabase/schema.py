"""The tables of the music business: customers, products, orders and their lines."""

from __future__ import annotations

from datetime import UTC, datetime

from sandbox.state import SandboxState
from sandbox.story import Story
from sandbox.supabase.columns import Column
from sandbox.supabase.tables import Table, Tables


def _now() -> datetime:
    return datetime.now(UTC)


def _zero() -> int:
    return 0


def _no() -> bool:
    return False


def make_tables() -> list[Table]:
    """Return the tables, empty."""
    return [
        _table(
            "customers",
            Column(name="id", kind="bigint"),
            Column(name="email", kind="text", required=True),
            Column(name="name", kind="text", required=True),
            Column(name="phone", kind="text"),
            Column(name="city", kind="text"),
            Column(name="created_at", kind="timestamptz", required=True, default=_now),
            key=("id",),
            unique=(("email",),),
        ),
        _table(
            "products",
            Column(name="sku", kind="text"),
            Column(name="name", kind="text", required=True),
            Column(name="price", kind="numeric"),
            Column(name="stock", kind="bigint", required=True, default=_zero),
            Column(name="supplier", kind="text"),
            Column(name="attributes", kind="jsonb"),
            Column(name="updated_at", kind="timestamptz", required=True, default=_now),
            key=("sku",),
        ),
        _table(
            "orders",
            Column(name="number", kind="text"),
            Column(name="customer_id", kind="bigint", references=("customers", "id")),
            Column(name="total", kind="numeric", required=True, default=_zero),
            Column(name="shipped", kind="boolean", required=True, default=_no),
            Column(name="placed_at", kind="timestamptz", required=True, default=_now),
            key=("number",),
        ),
        _table(
            "order_lines",
            Column(name="order_number", kind="text", references=("orders", "number")),
            Column(name="sku", kind="text", references=("products", "sku")),
            Column(name="quantity", kind="bigint", required=True),
            key=("order_number", "sku"),
        ),
    ]


def _table(
    name: str, *columns: Column, key: tuple[str, ...], unique: tuple[tuple[str, ...], ...] = ()
) -> Table:
    return Table(name, {column.name: column for column in columns}, key, unique)


def seed(state: SandboxState, story: Story) -> None:
    """Fill the tables with the story, in place of what they hold."""
    tables = state.store(Tables)
    tables.clear()
    customers = tables.insert(
        tables.table("customers"),
        [
            {"email": one.email, "name": one.name, "phone": one.phone, "city": one.city}
            for one in story.people
        ],
    )
    ids = {row["email"]: row["id"] for row in customers.rows}
    tables.insert(
        tables.table("products"),
        [
            {
                "sku": part.sku,
                "name": part.name,
                "price": part.price,
                "stock": part.stock,
                "supplier": part.supplier,
                "attributes": {"brand": part.brand, "model": part.model},
            }
            for part in story.parts
        ],
    )
    tables.insert(
        tables.table("orders"),
        [
            {
                "number": order.number,
                "customer_id": ids[order.buyer.email],
                "total": order.total,
                "placed_at": order.placed_at,
            }
            for order in story.orders
        ],
    )
    tables.insert(
        tables.table("order_lines"),
        [
            {"order_number": order.number, "sku": line.part.sku, "quantity": line.quantity}
            for order in story.orders
            for line in order.lines
        ],
    )
