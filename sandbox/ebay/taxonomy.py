"""The Taxonomy API: a site's tree, and which category a thing belongs in.

Source: Taxonomy API v1, reference.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from sandbox.ebay.api import root_of
from sandbox.ebay.errors import EbayError
from sandbox.ebay.money import MARKETPLACES
from sandbox.ebay.quotas import counted
from sandbox.ebay.store import Category
from sandbox.ebay.tokens import PUBLIC, needs

VERSION = "130"

_PLACES = (
    ("1249", "Video Games & Consoles", "171833", "Replacement Parts & Tools"),
    ("15032", "Cell Phones & Accessories", "43304", "Parts & Screens"),
    ("58058", "Computers/Tablets & Networking", "175673", "Computer Components & Parts"),
    ("619", "Musical Instruments & Gear", "180014", "Pro Audio & Synthesizer Parts"),
    ("6000", "eBay Motors", "33559", "Brakes & Brake Parts"),
)
CATEGORIES = {
    leaf: Category(leaf, name, f"{top}|{leaf}", f"{top_name}|{name}")
    for top, top_name, leaf, name in _PLACES
}
_WORDS = {
    "171833": ("playstation", "switch", "xbox", "console", "hdmi", "stick", "controller"),
    "43304": ("iphone", "galaxy", "phone"),
    "175673": ("macbook", "surface", "laptop", "drive", "ssd", "fan", "battery"),
    "180014": ("yamaha", "korg", "synth", "monitor", "keyboard"),
    "33559": ("brake", "car", "pad", "rotor"),
}

router = APIRouter(dependencies=[Depends(needs(PUBLIC)), Depends(counted("commerce.taxonomy"))])


@router.get("/get_default_category_tree_id")
async def get_default_category_tree_id(request: Request) -> dict[str, str]:
    """Return the tree of a site."""
    site = request.query_params.get("marketplace_id")
    if not site:
        raise EbayError(62002)
    if site not in MARKETPLACES:
        raise EbayError(62003)
    return {"categoryTreeId": MARKETPLACES[site].tree, "categoryTreeVersion": VERSION}


@router.get("/category_tree/{tree}/get_category_suggestions")
async def get_category_suggestions(tree: str, request: Request) -> Response:
    """Return the categories that words may mean, the likeliest first; 204: none."""
    if tree not in {one.tree for one in MARKETPLACES.values()}:
        raise EbayError(62004)
    words = request.query_params.get("q", "").casefold()
    if not words.strip():
        raise EbayError(62007)
    hits = {leaf: sum(word in words for word in known) for leaf, known in _WORDS.items()}
    found = sorted((leaf for leaf in hits if hits[leaf]), key=lambda leaf: -hits[leaf])
    if not found:
        return Response(status_code=204)
    root = f"{root_of(request)}/commerce/taxonomy/v1/category_tree/{tree}"
    return JSONResponse(
        {
            "categoryTreeId": tree,
            "categoryTreeVersion": VERSION,
            "categorySuggestions": [_suggestion(CATEGORIES[leaf], root) for leaf in found],
        }
    )


def _suggestion(category: Category, root: str) -> dict[str, Any]:
    top = category.ids.split("|")[0]
    return {
        "category": {"categoryId": category.id, "categoryName": category.name},
        "categoryTreeNodeLevel": 2,
        "categoryTreeNodeAncestors": [
            {
                "categoryId": top,
                "categoryName": category.names.split("|")[0],
                "categoryTreeNodeLevel": 1,
                "categorySubtreeNodeHref": f"{root}/get_category_subtree?category_id={top}",
            }
        ],
    }
