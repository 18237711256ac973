"""The root of the Data API: what there is, as PostgREST describes it in Swagger 2.0."""

from __future__ import annotations

from typing import Any

from sandbox.supabase.columns import Column, Kind
from sandbox.supabase.functions import FUNCTIONS
from sandbox.supabase.tables import Table, Tables

_JSON_TYPES: dict[Kind, str] = {
    "text": "string",
    "bigint": "integer",
    "numeric": "number",
    "boolean": "boolean",
    "timestamptz": "string",
}


def describe(tables: Tables, host: str) -> dict[str, Any]:
    """Return the document for the root of the Data API."""
    paths: dict[str, Any] = {f"/{table.name}": _of_table(table) for table in tables.all()}
    paths |= {f"/rpc/{name}": _of_function(name) for name in FUNCTIONS}
    return {
        "swagger": "2.0",
        "info": {"title": "standard public schema", "description": "", "version": "14.1"},
        "host": host.partition("://")[2].rstrip("/"),
        "basePath": "/",
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "paths": paths,
        "definitions": {table.name: _definition(table) for table in tables.all()},
    }


def _of_table(table: Table) -> dict[str, Any]:
    answers = {
        "get": {"200": {"description": "OK"}, "206": {"description": "Partial Content"}},
        "post": {"201": {"description": "Created"}},
        "patch": {"204": {"description": "No Content"}},
        "delete": {"204": {"description": "No Content"}},
    }
    return {
        method: {"tags": [table.name], "responses": responses}
        for method, responses in answers.items()
    }


def _of_function(name: str) -> dict[str, Any]:
    properties = {key: _property(one) for key, one in FUNCTIONS[name].parameters.items()}
    arguments = {
        "in": "body",
        "name": "args",
        "required": True,
        "schema": {"type": "object", "properties": properties, "required": list(properties)},
    }
    operation = {
        "tags": [f"(rpc) {name}"],
        "parameters": [arguments],
        "responses": {"200": {"description": "OK"}},
    }
    return {"post": operation}


def _definition(table: Table) -> dict[str, Any]:
    columns = table.columns.values()
    return {
        "type": "object",
        "required": [one.name for one in columns if one.required or one.name in table.key],
        "properties": {one.name: _property(one) for one in columns},
    }


def _property(column: Column) -> dict[str, str]:
    kind = _JSON_TYPES.get(column.kind)
    return {"format": column.type_name, **({"type": kind} if kind else {})}
