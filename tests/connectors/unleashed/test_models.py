from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.unleashed.models import (
    ProductReference,
    StockAdjustment,
    StockAdjustmentLine,
    Supplier,
    WarehouseReference,
    read_moment,
    write_moment,
)

GUID = UUID("3f2c6a0e-0000-4000-8000-00000000000a")
MOMENT = datetime(2021, 3, 1, tzinfo=UTC)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_survives_the_wire_to_the_millisecond(moment: datetime) -> None:
    whole = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert read_moment(write_moment(whole)) == whole


@pytest.mark.parametrize(
    "text",
    [
        "/Date(1614556800000)/",
        "/Date(1614556800000+1300)/",
        "2021-03-01T00:00:00",
        "2021-03-01T00:00:00.000",
        "2021-03-01T00:00:00Z",
        "2021-02-28T19:00:00-05:00",
        "2021-03-01",
    ],
)
def test_both_forms_of_dates_are_read_and_without_a_zone_they_are_utc(text: str) -> None:
    assert read_moment(text) == MOMENT


@pytest.mark.parametrize(
    "text", ["yesterday", "/Date()/", f"/Date({'9' * 15})/", f"/Date({'9' * 30})/", "/Date(9e9)/"]
)
def test_no_date_is_not_read(text: str) -> None:
    with pytest.raises(ValidationError):
        Supplier.model_validate({"Guid": GUID, "SupplierCode": "A", "LastModifiedOn": text})


def test_a_record_is_sent_under_the_vendors_names_with_numbers_as_numbers() -> None:
    adjustment = StockAdjustment(
        guid=GUID,
        warehouse=WarehouseReference(warehouse_code="OTT"),
        adjustment_date=MOMENT,
        adjustment_reason="Count",
        stock_adjustment_lines=[
            StockAdjustmentLine(
                product=ProductReference(product_code="HDMI-1"), new_quantity=Decimal("2.50")
            )
        ],
    )

    sent = json.loads(adjustment.model_dump_json(by_alias=True, exclude_none=True))

    assert sent == {
        "Guid": str(GUID),
        "Warehouse": {"WarehouseCode": "OTT"},
        "AdjustmentDate": "/Date(1614556800000)/",
        "AdjustmentReason": "Count",
        "Status": "Completed",
        "StockAdjustmentLines": [{"Product": {"ProductCode": "HDMI-1"}, "NewQuantity": 2.5}],
    }
