from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from connectors._http.retry import RetryPolicy
from connectors.unleashed.client import UnleashedClient
from connectors.unleashed.errors import AllowanceUsedUpError
from connectors.unleashed.models import (
    ProductReference,
    StockAdjustment,
    StockAdjustmentLine,
    WarehouseReference,
)
from sandbox.unleashed.store import Inventory
from tests.contract.cases import Case

PRODUCT = uuid.UUID("3f2c6a0e-0000-4000-8000-00000000000a")


def make(stand_ins: Any, retry: RetryPolicy, timeout_seconds: float) -> UnleashedClient:
    stand_ins.sandbox.state.store(Inventory).put(
        "Products", str(PRODUCT), ProductCode="HDMI-1", ProductDescription="HDMI port"
    )
    return UnleashedClient(
        base_url=f"{stand_ins.url}/unleashed",
        api_id="sandbox",
        api_key=SecretStr("sandbox-key"),
        timeout_seconds=timeout_seconds,
        retry=retry,
    )


async def adjust(unleashed: UnleashedClient) -> StockAdjustment:
    return await unleashed.create_stock_adjustment(
        StockAdjustment(
            guid=uuid.uuid4(),
            warehouse=WarehouseReference(warehouse_code="OTT"),
            adjustment_date=datetime.now(UTC),
            adjustment_reason="Count",
            stock_adjustment_lines=[
                StockAdjustmentLine(product=ProductReference(guid=PRODUCT), new_quantity=Decimal(8))
            ],
        )
    )


async def written(stand_ins: Any) -> int:
    return len(stand_ins.sandbox.state.store(Inventory).find("StockAdjustments"))


CASES = {
    "unleashed": Case(
        service="unleashed",
        make=make,
        read=lambda unleashed: unleashed.ping(),
        read_path="/Warehouses",
        read_fails={"429 without": AllowanceUsedUpError},
        write=adjust,
        write_path="/StockAdjustments/",
        written=written,
        # A lost answer is looked up by the GUID; what was made is found.
        write_fails={
            "429 without": AllowanceUsedUpError,
            **dict.fromkeys(("dropped after the act", "truncated", "another content type")),
        },
        write_tries=dict.fromkeys(
            (
                "500",
                "503",
                "time-out",
                "reset",
                "dropped after the act",
                "truncated",
                "another content type",
            ),
            2,
        ),
    )
}
