"""The invented team's orders: substitution medicine, and a few others taken under supervision."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum

from fieldapp.domain.medication import MedicationRequest, Part, PlannedDose
from fieldapp.domain.patients import Place
from sync.server.seed.people import Followed, IdSource, midday

_ALL_WEEK = (1, 2, 3, 4, 5, 6, 7)
_WEEKDAYS = (1, 2, 3, 4, 5)

_SOURCE = "Ordinasjon fra poliklinikken, lagt inn av teamet"


_TAKE_HOME_DAYS = 3
_DEPOT_INTERVAL = 7


class Special(Enum):
    """What makes a substitution order other than one dose a day under supervision."""

    TAKE_HOME = "take_home"
    DEPOT = "depot"


def as_special(order: MedicationRequest, special: Special, today: date) -> MedicationRequest:
    """Return an order with doses to take home from today on, or a weekly depot due today."""
    if special is Special.TAKE_HOME:
        ahead = (today + timedelta(days) for days in range(1, _TAKE_HOME_DAYS + 1))
        return replace(
            order,
            take_home_weekdays=tuple(sorted(day.isoweekday() for day in ahead)),
            max_take_home_days=_TAKE_HOME_DAYS,
        )
    weeks = (today - order.valid_from).days // _DEPOT_INTERVAL
    return replace(
        order,
        product="Buvidal",
        atc="N07BC01",
        form="injeksjonsvæske, depot",
        strength="24 mg",
        doses=(PlannedDose(Part.MORNING, Decimal(24)),),
        weekdays=_ALL_WEEK,
        valid_from=today - timedelta(weeks * _DEPOT_INTERVAL),
        revision=1,
        concentration_mg_per_ml=None,
        interval_days=_DEPOT_INTERVAL,
        depot="buvidal_weekly",
    )


def make_orders(
    dice: random.Random, ids: IdSource, followed: Followed, today: date, *, likely: float
) -> Iterator[MedicationRequest]:
    """Yield a patient's orders. Those handed out at the point are handed out on working days.

    `likely` is the share of ACT patients outside LAR who take another medicine under supervision.
    """
    if followed.lar is not None:
        yield _substitution(dice, ids, followed, followed.lar, today)
    elif followed.is_act and dice.random() < likely:
        yield _other(dice, ids, followed, today)


def _substitution(
    dice: random.Random, ids: IdSource, followed: Followed, place: Place, today: date
) -> MedicationRequest:
    medicine = dice.choices(("methadone", "buprenorphine", "combination"), (45, 35, 20))[0]
    concentration = None
    if medicine == "methadone":
        product, atc, form, strength = "Metadon mikstur", "N07BC02", "mikstur", "5 mg/mL"
        concentration = Decimal(5)
        dose = Decimal(dice.randrange(40, 121, 5))
    elif medicine == "buprenorphine":
        product, atc, form, strength = "Buprenorfin", "N07BC01", "sublingvaltablett", "8 mg"
        dose = Decimal(dice.choice((8, 12, 16, 20, 24)))
    else:
        product, atc, form = "Buprenorfin/nalokson", "N07BC51", "sublingvaltablett"
        strength = "8 mg/2 mg"
        dose = Decimal(dice.choice((8, 16, 24)))
    # The dose was changed once on the way; the events before carry the earlier revision.
    return MedicationRequest(
        id=ids.at(midday(followed.since)),
        patient_id=followed.id,
        product=product,
        atc=atc,
        form=form,
        strength=strength,
        doses=(PlannedDose(Part.MORNING, dose),),
        weekdays=_WEEKDAYS if place is Place.HANDOUT_POINT else _ALL_WEEK,
        place=place,
        valid_from=followed.since,
        prescriber=dice.choice(("Eva Solberg", "LAR-poliklinikken")),
        revision=2,
        concentration_mg_per_ml=concentration,
        valid_to=today + timedelta(dice.randrange(40, 180)),
        source=_SOURCE,
    )


def _other(
    dice: random.Random, ids: IdSource, followed: Followed, today: date
) -> MedicationRequest:
    product, atc, form, strength, dose, part, weekdays = dice.choice(
        (
            ("Olanzapin", "N05AH03", "smeltetablett", "10 mg", 10, Part.EVENING, _ALL_WEEK),
            ("Kvetiapin", "N05AH04", "depottablett", "200 mg", 400, Part.EVENING, _ALL_WEEK),
            ("Disulfiram", "N07BB01", "brusetablett", "400 mg", 400, Part.MORNING, (1, 4)),
            ("Litium", "N05AN01", "tablett", "42 mg", 84, Part.NOON, _WEEKDAYS),
        )
    )
    start = max(followed.since, today - timedelta(dice.randrange(30, 90)))
    return MedicationRequest(
        id=ids.at(midday(start)),
        patient_id=followed.id,
        product=product,
        atc=atc,
        form=form,
        strength=strength,
        doses=(PlannedDose(part, Decimal(dose)),),
        weekdays=weekdays,
        place=Place.HOME,
        valid_from=start,
        prescriber="Eva Solberg",
        source=_SOURCE,
    )
