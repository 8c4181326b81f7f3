"""Substance groups: which medicines bear on each other, and the figures of each group.

Two doses of one group on one day are two doses of "the same", whatever the orders say: all opioid
agonists are one group. The figures are reference data (`resources/reference/substances.json`),
read by `fieldapp.domain.reference.substances`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time, timedelta

from fieldapp.domain.medication import MedicationRequest, Part
from fieldapp.domain.strict_json import Source


@dataclass(frozen=True, slots=True)
class Interval:
    """A least time between two doses."""

    least: timedelta
    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class MissedLimit:
    """A number of days in a row without medicine from which something applies."""

    days: int
    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class CountedAt:
    """The local time at which a dose counts as taken when nobody saw it."""

    at: time
    source: Source


@dataclass(frozen=True, slots=True)
class TakeHomeCounted:
    """The local time at which a dose taken home counts as taken, by the part of its day."""

    parts: dict[Part, time]
    source: Source


@dataclass(frozen=True, slots=True)
class SubstanceGroup:
    """Medicines that are one and the same to the rules of handing out.

    `atc` are beginnings of ATC codes, the longest match decides. `between_days` is the least time
    between doses, `between_parts` that between the parts of a day that an order plans itself.
    `missed_warn` and `missed_stop` are None where no such rule is known (depots have windows).
    """

    code: str
    name: str
    atc: tuple[str, ...]
    between_days: Interval
    between_parts: Interval
    missed_warn: MissedLimit | None
    missed_stop: MissedLimit | None
    take_home_counted: TakeHomeCounted
    """When a dose taken home counts as taken, on its day."""
    pharmacy_counted: CountedAt
    """When a pharmacy's dose without news counts as taken at the latest, on its day."""
    dissolve_minutes: int | None = None
    """How long a tablet under the tongue is watched, at least; None where it does not apply."""
    dissolve_source: Source | None = None
    dissolve_atc: tuple[str, ...] = ()
    """Beginnings of the ATC codes whose tablets those are."""
    controlled: bool = False
    """Its stock is accounted for in the narcotics register."""


@dataclass(frozen=True, slots=True)
class Substances:
    """All groups. An ATC code that no group names is a group of its own, with `other`'s figures."""

    version: str
    groups: tuple[SubstanceGroup, ...]
    other: SubstanceGroup

    def group_code(self, request: MedicationRequest) -> str:
        """Return the code of the group an order belongs to."""
        return self.group_of_atc(request.atc)

    def group(self, code: str) -> SubstanceGroup:
        """Return a group by its code; an unknown one has the figures of `other`."""
        return next((group for group in self.groups if group.code == code), self.other)

    def group_of(self, request: MedicationRequest) -> SubstanceGroup:
        return self.group(self.group_code(request))

    def of_group(self, requests: Sequence[MedicationRequest], code: str) -> list[MedicationRequest]:
        """Return the orders of a group."""
        return [request for request in requests if self.group_code(request) == code]

    def group_of_atc(self, atc: str) -> str:
        """Return the code of the group of an ATC code."""
        matches = [
            (len(start), group.code)
            for group in self.groups
            for start in group.atc
            if atc.startswith(start)
        ]
        # Without an ATC code nothing says that two medicines differ: they are held for the same.
        return max(matches)[1] if matches else f"atc:{atc}"
