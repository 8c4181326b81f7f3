"""An order's body for server tests."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from fieldapp.domain.codec import to_body
from fieldapp.domain.medication import MedicationRequest, Part, PlannedDose
from fieldapp.domain.patients import Place


def order_body(order_id: str, patient_id: str) -> dict[str, Any]:
    """Return a running order of a liquid."""
    return to_body(
        MedicationRequest(
            id=order_id,
            patient_id=patient_id,
            product="Metadon",
            atc="N07BC02",
            form="mikstur",
            strength="2 mg/ml",
            doses=(PlannedDose(Part.MORNING, Decimal(80)),),
            weekdays=(1, 2, 3, 4, 5, 6, 7),
            place=Place.HOME,
            valid_from=date(2026, 1, 1),
            prescriber="Hanne Rud",
            concentration_mg_per_ml=Decimal(2),
        )
    )
