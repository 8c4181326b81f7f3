"""The text of a deviation report. Pure; it names nobody."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.services.deviation import DeviationFacts
from ui.words import day_text, dose_text, word

translate = QCoreApplication.translate


def report(
    kind: str, facts: DeviationFacts | None, *, happened: str, done: str, prevent: str
) -> str:
    """Return the report; parts that say nothing are left out."""
    parts = [(translate("events", "Avvik"), kind)]
    if facts is not None:
        parts += _fact_lines(facts)
    parts += [
        (translate("events", "Hva skjedde"), happened.strip()),
        (translate("events", "Strakstiltak"), done.strip()),
        (translate("events", "Forslag til forebygging"), prevent.strip()),
    ]
    return "\n".join(f"{label}: {words}" for label, words in parts if words)


def _fact_lines(facts: DeviationFacts) -> list[tuple[str, str]]:
    medicine = " ".join(part for part in (facts.product, facts.strength) if part)
    dose = dose_text(facts.dose_mg) if facts.dose_mg is not None else ""
    when = ""
    if facts.given_at is not None:
        local = facts.given_at.astimezone(OSLO)
        when = translate("events", "{day} kl. {clock}").format(
            day=day_text(local.date()), clock=f"{local:%H:%M}"
        )
    planned = ""
    if facts.day is not None and facts.part is not None:
        planned = f"{day_text(facts.day)}, {word(facts.part)}"
    how = []
    if facts.forced:
        how.append(translate("events", "nødutdeling"))
    if facts.retrospective:
        how.append(translate("events", "ført i etterkant"))
    return [
        (translate("events", "Legemiddel"), medicine),
        (translate("events", "Dose"), dose),
        (translate("events", "Gitt"), when),
        (translate("events", "Dosen var for"), planned),
        (translate("events", "Merket som"), ", ".join(how)),
    ]
