"""Answers that fit a JSON schema: fields are filled by name, the rest as the schema asks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

_DEPTH = 12
_MISSING = object()


def fill(schema: Schema, known: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    """Build a value for a schema.

    An object's properties take what is known under their names, cut to the schema's bounds;
    required ones that are not known get the plainest value allowed, optional ones stay away.
    """
    return _fit(schema, known, schema, _DEPTH)


def _fit(schema: Schema, value: Any, root: Schema, depth: int) -> Any:  # noqa: ANN401, PLR0911
    schema = _resolved(schema, value, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return value if value in schema["enum"] else schema["enum"][-1]
    match _kind(schema):
        case "object":
            return _object(schema, value, root, depth)
        case "array":
            return _array(schema, value, root, depth)
        case "number" | "integer" as kind:
            return _number(schema, value, whole=kind == "integer")
        case "boolean":
            return value if isinstance(value, bool) else False
        case "null":
            return None
        case "string":
            return _string(schema, value)
        case _:
            return "" if value is _MISSING else value


def _resolved(schema: Schema, value: Any, root: Schema) -> Schema:  # noqa: ANN401
    """Follow references and choose among alternatives."""
    for _ in range(_DEPTH):
        if "$ref" in schema:
            target: Any = root
            for name in schema["$ref"].removeprefix("#/").split("/"):
                target = target[name]
            schema = {**target, **{key: schema[key] for key in schema if key != "$ref"}}
        elif alternatives := schema.get("anyOf") or schema.get("oneOf"):
            fitting = [one for one in alternatives if one.get("type") != "null"]
            absent = value is _MISSING and len(fitting) < len(alternatives)
            schema = {"type": "null"} if absent or not fitting else fitting[0]
        elif parts := schema.get("allOf"):
            merged = {key: schema[key] for key in schema if key != "allOf"}
            schema = {**merged, **{key: item for part in parts for key, item in part.items()}}
        else:
            return schema
    return schema


def _kind(schema: Schema) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if kind is None and "properties" in schema:
        return "object"
    return str(kind)


def _object(schema: Schema, value: Any, root: Schema, depth: int) -> dict[str, Any]:  # noqa: ANN401
    known = value if isinstance(value, Mapping) else {}
    required = schema.get("required", ())
    if depth == 0:
        return {}
    return {
        name: _fit(part, known.get(name, _MISSING), root, depth - 1)
        for name, part in schema.get("properties", {}).items()
        if name in known or name in required
    }


def _array(schema: Schema, value: Any, root: Schema, depth: int) -> list[Any]:  # noqa: ANN401
    items = list(value) if isinstance(value, list | tuple) else []
    items = items[: schema.get("maxItems", len(items))]
    items += [_MISSING] * (schema.get("minItems", 0) - len(items))
    return [_fit(schema.get("items", {}), item, root, depth - 1) for item in items]


def _number(schema: Schema, value: Any, *, whole: bool) -> float:  # noqa: ANN401
    known = isinstance(value, int | float) and not isinstance(value, bool)
    least: float = schema.get("minimum", schema.get("exclusiveMinimum", -math.inf))
    most: float = schema.get("maximum", schema.get("exclusiveMaximum", math.inf))
    number = min(max(value if known else 0, least), most)
    if number == schema.get("exclusiveMinimum"):
        number += 1 if whole else min(0.01, (most - least) / 2)
    if number == schema.get("exclusiveMaximum"):
        number -= 1 if whole else min(0.01, (most - least) / 2)
    return round(number) if whole else number


def _string(schema: Schema, value: Any) -> str:  # noqa: ANN401
    text = str(value) if isinstance(value, str | int | float) else ""
    text = text[: schema.get("maxLength", len(text))]
    return text.ljust(schema.get("minLength", 0), "-")
