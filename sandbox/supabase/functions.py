"""The functions of the database, as ``/rpc`` calls them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sandbox.supabase.columns import Column, Row
from sandbox.supabase.refusals import postgrest
from sandbox.supabase.tables import Table, Tables


class Function(NamedTuple):
    """A function of the database.

    Args:
        parameters: by name; all must be given.
        act: does it; returns a value, or rows of ``returns``.
        returns: table whose rows it returns; empty: a value.
        writes: it can't run where nothing may be changed.
    """

    parameters: Mapping[str, Column]
    act: Callable[..., Any]
    returns: str = ""
    writes: bool = False


def _add_stock(tables: Tables, sku: str, change: int) -> int:
    """Move a product's stock, which never falls below zero; return what it is then."""
    products = tables.table("products")
    found = products.find(lambda row: row["sku"] == sku)
    if not found:
        raise postgrest(400, "P0002", "there is no such product")
    stock: int = found[0]["stock"] + change
    if stock < 0:
        raise postgrest(400, "P0001", f"stock of {sku} would be {stock}")
    change_row = {"stock": products.column("stock").read(stock)}
    tables.update(products, lambda row: row["sku"] == sku, change_row)
    return stock


def _low_stock(tables: Tables, at_most: int) -> list[Row]:
    """Return the products of which there are few."""
    return tables.table("products").find(lambda row: row["stock"] <= at_most)


def _parameters(*columns: Column) -> dict[str, Column]:
    return {column.name: column for column in columns}


FUNCTIONS: Mapping[str, Function] = {
    "add_stock": Function(
        _parameters(Column(name="sku", kind="text"), Column(name="change", kind="bigint")),
        _add_stock,
        writes=True,
    ),
    "low_stock": Function(
        _parameters(Column(name="at_most", kind="bigint")), _low_stock, returns="products"
    ),
}


def call_function(
    tables: Tables, name: str, given: Mapping[str, object], *, may_write: bool
) -> tuple[object, Table | None]:
    """Call a function; return what it returns, and the table whose rows that is.

    Raises:
        Refusal: there is none of that name and parameters, or it refuses.
    """
    function = FUNCTIONS.get(name)
    if function is None or function.parameters.keys() != given.keys():
        takes = f"({', '.join(sorted(given))})" if given else " without parameters"
        raise postgrest(
            404,
            "PGRST202",
            f"Could not find the function public.{name}{takes} in the schema cache",
            f"Searched for the function public.{name}{takes}, but no matches were found in the "
            "schema cache.",
        )
    if function.writes and not may_write:
        raise postgrest(405, "25006", "cannot execute UPDATE in a read-only transaction")
    arguments = {key: function.parameters[key].read(value) for key, value in given.items()}
    for key, value in arguments.items():
        if value is None:
            raise postgrest(400, "22004", f"{key} must not be null")
    result = function.act(tables, **arguments)
    return result, tables.table(function.returns) if function.returns else None
