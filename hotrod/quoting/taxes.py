"""Canadian sales taxes by province of supply.

Source: Canada Revenue Agency, "Charge and collect the GST/HST: which rate to charge" (Nova
Scotia 14 % since 2025-04-01), Revenu Québec (QST 9.975 %), and the provinces' own pages for PST
(BC 7 %, SK 6 %) and RST (MB 7 %). PST and RST apply to repairs of goods and to their parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hotrod.company.models import Province


@dataclass(frozen=True)
class Tax:
    """A tax and its rate, as a share of the amount before tax."""

    name: str
    rate: Decimal


_GST = Tax("GST", Decimal("0.05"))


def _hst(rate: str) -> tuple[Tax, ...]:
    return (Tax("HST", Decimal(rate)),)


TAXES: dict[Province, tuple[Tax, ...]] = {
    "AB": (_GST,),
    "BC": (_GST, Tax("PST", Decimal("0.07"))),
    "MB": (_GST, Tax("RST", Decimal("0.07"))),
    "NB": _hst("0.15"),
    "NL": _hst("0.15"),
    "NS": _hst("0.14"),
    "NT": (_GST,),
    "NU": (_GST,),
    "ON": _hst("0.13"),
    "PE": _hst("0.15"),
    "QC": (_GST, Tax("QST", Decimal("0.09975"))),
    "SK": (_GST, Tax("PST", Decimal("0.06"))),
    "YT": (_GST,),
}
