"""eBay's contracts, one for each of its APIs."""

from __future__ import annotations

from typing import Any

from tests.contract.contracts.openapi import OpenApiContract, RoutedContract
from tests.contract.contracts.refusals import (
    NUMBER,
    OAUTH,
    TEXT,
    Wording,
    fields,
    many,
    one_of,
)


def repair(spec: dict[str, Any]) -> None:
    """Mend what eBay's documents have wrong.

    Enumerations of strings are typed ``object``; errors are described as one, but come in a list.
    Purchase orders lie on another host than checkouts; the stand-in plays both on its own.
    """
    for path in spec["paths"].values():
        path.pop("servers", None)
    schemas = spec["components"]["schemas"]
    for schema in schemas.values():
        if "enum" in schema:
            schema["type"] = "string"
    one = schemas["Error"]
    schemas["OneError"] = {**one, "required": ["errorId", "domain", "category", "message"]}
    schemas["Error"] = {
        "type": "object",
        "required": ["errors"],
        "properties": {
            "errors": {
                "type": "array",
                "minItems": 1,
                "items": {"$ref": "#/components/schemas/OneError"},
            }
        },
    }


def contract(name: str, base: str) -> OpenApiContract:
    return OpenApiContract(
        f"ebay/{name}_oas3.json", base, repair=repair, undescribed={401, 429, 503}
    )


BASES = {
    "buy_browse_v1": "/buy/browse/v1",
    "buy_offer_v1_beta": "/buy/offer/v1_beta",
    "buy_order_v1_beta": "/buy/order/v2",
    "commerce_taxonomy_v1": "/commerce/taxonomy/v1",
    "commerce_notification_v1": "/commerce/notification/v1",
    "developer_analytics_v1_beta": "/developer/analytics/v1_beta",
}
APIS = {name: contract(name, base) for name, base in BASES.items()}
UNCHECKED = {"/identity/v1/oauth2/token": "eBay describes its OAuth in words only"}
CONTRACTS = {
    "ebay": RoutedContract({BASES[name]: APIS[name] for name in APIS}, unchecked=UNCHECKED)
}

ERROR = fields(
    {
        "errorId": NUMBER,
        "domain": TEXT,
        "category": one_of("APPLICATION", "BUSINESS", "REQUEST"),
        "message": TEXT,
    },
    {
        "subdomain": TEXT,
        "longMessage": TEXT,
        "inputRefIds": many(TEXT),
        "outputRefIds": many(TEXT),
        "parameters": many(fields({"name": TEXT, "value": {"type": "string"}})),
    },
)
REFUSALS = {
    "ebay": (
        Wording(
            source="eBay, 'OAuth tokens' by RFC 6749, 5.2",
            schema=OAUTH,
            path="/identity/v1/oauth2/token",
        ),
        Wording(source="eBay, 'Handling errors'", schema=fields({"errors": many(ERROR)})),
    )
}
