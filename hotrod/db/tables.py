"""All tables of the system, gathered for migrations and their tests."""

from __future__ import annotations

from sqlmodel import SQLModel

import hotrod.access.models
import hotrod.ai.models
import hotrod.analytics.models
import hotrod.approvals.models
import hotrod.company.tables
import hotrod.customers.models
import hotrod.durable.models
import hotrod.mail.models
import hotrod.parts.models
import hotrod.purchasing.models
import hotrod.quoting.models
import hotrod.repairs.models
import hotrod.services.models
import hotrod.staff.models
import hotrod.suppliers.models
import hotrod.watches.models  # noqa: F401 - each import registers its tables

metadata = SQLModel.metadata
