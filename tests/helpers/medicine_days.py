"""A patient whose calendar has every mark, for tests and pictures of the calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from fieldapp.domain.claims import Claim, ClaimState, claim_id, day_unit
from fieldapp.domain.handout_events import PharmacyReport
from fieldapp.domain.medication import (
    Force,
    HandoutStatus,
    Injection,
    MedicationAdministration,
    MedicationRequest,
    Part,
    PlannedDose,
    TakeHome,
)
from fieldapp.domain.patients import Place
from tests.helpers.ward import BERIT, TODAY, Ward, at, receive

ODD = "p-odd"
OPIOIDS = "opioid"


def order(**changes: Any) -> MedicationRequest:
    """Methadone every morning at home, from 60 days ago."""
    made = MedicationRequest(
        id="r-odd",
        patient_id=ODD,
        product="Metadon mikstur 2 mg/ml",
        atc="N07BC02",
        form="mikstur",
        strength="2 mg/ml",
        doses=(PlannedDose(Part.MORNING, Decimal(60)),),
        weekdays=(1, 2, 3, 4, 5, 6, 7),
        place=Place.HOME,
        valid_from=TODAY - timedelta(days=60),
        prescriber="Overlege Hanne Vik, AFR",
        concentration_mg_per_ml=Decimal(2),
    )
    return replace(made, **changes)


def dose(day: date, **changes: Any) -> MedicationAdministration:
    """A witnessed morning dose by a colleague."""
    made = MedicationAdministration(
        id=f"dose-{day.isoformat()}",
        patient_id=ODD,
        request_id="r-odd",
        request_revision=1,
        day=day,
        part=Part.MORNING,
        status=HandoutStatus.GIVEN,
        given_at=at(day, 9),
        recorded_at=at(day, 9, 1),
        author_id=BERIT.id,
        device_id="d-2",
        sequence=day.toordinal(),
        dose_mg=Decimal(60),
        witnessed=True,
        group=OPIOIDS,
    )
    return replace(made, **changes)


def injection(day: date, **changes: Any) -> MedicationAdministration:
    """Paliperidone, the next one due 28 days later."""
    made = dose(
        day,
        id=f"depot-{day.isoformat()}",
        request_id="r-depot",
        group="paliperidone",
        dose_mg=Decimal(100),
        injection=Injection(
            3, "deltoid", "left", "L-1", date(2027, 12, 1), next_due=day + timedelta(days=28)
        ),
    )
    return replace(made, **changes)


def depot_order() -> MedicationRequest:
    return order(
        id="r-depot",
        product="Xeplion depot 100 mg",
        atc="N05AX13",
        form="depot",
        strength="100 mg",
        doses=(PlannedDose(Part.MORNING, Decimal(100)),),
        concentration_mg_per_ml=None,
        interval_days=28,
        depot="paliperidone",
    )


def claim(day: date, **changes: Any) -> Claim:
    """Berit has a day, on another laptop."""
    made = Claim(
        id=claim_id(ODD, OPIOIDS, day_unit(day)),
        patient_id=ODD,
        group=OPIOIDS,
        unit=day_unit(day),
        state=ClaimState.HELD,
        grant=7,
        held_since=7,
        holder_device_id="d-2",
        holder_id=BERIT.id,
        granted_at=at(day - timedelta(days=1), 8),
        orders={"r-odd": 1},
    )
    return replace(made, **changes)


def report(day: date, *, collected: bool) -> PharmacyReport:
    return PharmacyReport(
        f"report-{day.isoformat()}",
        ODD,
        OPIOIDS,
        day,
        collected,
        "Rognan apotek",
        at(day, 18),
        BERIT.id,
        "d-2",
        day.toordinal(),
    )


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def fill(ward: Ward) -> str:
    """Give Odd days of every kind, and return his id."""
    given = [dose(ago(days)) for days in (13, 12, 11, 9, 8, 2)]
    weekend = [
        dose(ago(days), given_at=at(ago(4), 9), take_home=TakeHome("supply-1")) for days in (4, 3)
    ]
    weekend[0] = replace(weekend[0], take_home=None)
    refused = dose(
        ago(10), status=HandoutStatus.NOT_MET, dose_mg=None, witnessed=False, reason="not_home"
    )
    forced = dose(ago(7), forced=Force("holder_unreachable", ("held_by_other",)))
    receive(
        ward.session,
        [
            order(),
            depot_order(),
            *given,
            *weekend,
            refused,
            forced,
            report(ago(6), collected=True),
            claim(ago(5)),
            injection(ago(15)),
        ],
    )
    return ODD
