"""What waits for a signature, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from PySide6.QtCore import QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.domain.medication import MedicationAdministration
from fieldapp.domain.supply import SupplyType
from fieldapp.services.witness import Waiting
from ui.words import amount, clock_text, dose_text, near_day

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """One act. `title` says whose or what, `detail` what was done, by whom and when."""

    title: str
    detail: str


def waiting_row(one: Waiting, names: dict[str, str], today: date) -> WaitingRow:
    """Say what the person is asked to confirm."""
    at = one.happened_at.astimezone(OSLO)
    author = names.get(one.author_id, translate("witness", "en kollega"))
    when = translate("witness", "{author}, {day} kl. {time}").format(
        author=author, day=near_day(at.date(), today), time=clock_text(one.happened_at)
    )
    if isinstance(one.value, MedicationAdministration):
        return WaitingRow(one.patient_name, f"{_dose(one, one.value)} · {when}")
    line = one.value
    what = f"{line.product} {line.strength}: {amount(line.units)} {line.unit}"
    return WaitingRow(_act(line.type), f"{what} · {when}")


def _dose(one: Waiting, dose: MedicationAdministration) -> str:
    words = [one.product]
    if dose.dose_mg is not None:
        words.append(dose_text(dose.dose_mg, dose.dose_ml))
    if len(one.days) > 1:
        words.append(translate("witness", "til {0} dager").format(len(one.days)))
    return " · ".join(word for word in words if word)


def _act(kind: SupplyType) -> str:
    acts = {
        SupplyType.RECEIVED: translate("witness", "Mottak i lageret"),
        SupplyType.TO_BAG: translate("witness", "Tatt ut i veske"),
        SupplyType.FROM_BAG: translate("witness", "Lagt tilbake fra veske"),
        SupplyType.COUNT: translate("witness", "Telling"),
        SupplyType.RETURNED: translate("witness", "Levert tilbake av pasient"),
        SupplyType.WASTE: translate("witness", "Svinn"),
    }
    return acts.get(kind, translate("witness", "Linje i narkotikaregnskapet"))
