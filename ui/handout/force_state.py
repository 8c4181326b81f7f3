"""The emergency handout as values: what stands in the way, what was done, what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from fieldapp.domain.medication import Force
from fieldapp.domain.readiness import NEEDS_PRESCRIBER, Code, Verdict
from fieldapp.domain.reference import CodedText
from ui.handout.form_state import listed

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class ForceFacts:
    """What the dialog tells. `holder_id` is who holds the day, "" where nobody else does.

    `obstacles` are the sentences of the light; `act` is what is given to whom.
    """

    act: str
    obstacles: tuple[str, ...]
    codes: tuple[str, ...]
    reasons: tuple[CodedText, ...]
    prescriber: str
    holder_id: str = ""
    holder_name: str = ""
    holder_phone: str = ""

    @property
    def has_holder(self) -> bool:
        return bool(self.holder_id)

    @property
    def needs_prescriber(self) -> bool:
        return any(Code(code) in NEEDS_PRESCRIBER for code in self.codes)


@dataclass(frozen=True, slots=True)
class ForceSaid:
    """What the giver has answered; nothing is filled in beforehand."""

    reason: str | None = None
    reason_text: str = ""
    called: bool | None = None
    answered: bool | None = None
    answer: str = ""
    prescriber: str = ""


def holder_of(verdict: Verdict) -> str:
    """Id of the one to ring: who holds the day, or the neighbouring one; "" for nobody."""
    for finding in verdict.findings:
        if finding.claim is not None and finding.claim.holder_id is not None:
            return finding.claim.holder_id
    return ""


_MISSING: dict[str, object] = {
    "reason": QT_TRANSLATE_NOOP("handout", "begrunnelse"),
    "reason_text": QT_TRANSLATE_NOOP("handout", "begrunnelsen med egne ord"),
    "called": QT_TRANSLATE_NOOP("handout", "om du har ringt"),
    "answered": QT_TRANSLATE_NOOP("handout", "om det ble svart"),
    "answer": QT_TRANSLATE_NOOP("handout", "hva som ble svart"),
    "prescriber": QT_TRANSLATE_NOOP("handout", "hvem av rekvirentene som sa det"),
}


def missing(facts: ForceFacts, said: ForceSaid) -> tuple[str, ...]:
    """Codes of what must be answered before the second step, in the dialog's order."""
    chosen = next((entry for entry in facts.reasons if entry.code == said.reason), None)
    known = {
        "called": not facts.has_holder or said.called is not None,
        "answered": not facts.has_holder or said.called is not True or said.answered is not None,
        "answer": not facts.has_holder or said.answered is not True or bool(said.answer.strip()),
        "reason": chosen is not None,
        "reason_text": chosen is None or not chosen.needs_text or bool(said.reason_text.strip()),
        "prescriber": not facts.needs_prescriber or bool(said.prescriber.strip()),
    }
    return tuple(code for code, is_known in known.items() if not is_known)


def missing_words(codes: Iterable[str]) -> str:
    """ "Mangler: om du har ringt og begrunnelse. Ingenting er ført."; empty for nothing."""
    words = [translate("handout", str(_MISSING[code])) for code in codes]
    if not words:
        return ""
    return translate("handout", "Mangler: {what}. Ingenting er ført.").format(what=listed(words))


def force(facts: ForceFacts, said: ForceSaid) -> Force:
    """Return what the event keeps of it. Only call it when nothing is missing."""
    return Force(
        reason=said.reason or "",
        findings=facts.codes,
        reason_text=said.reason_text.strip(),
        holder_id=facts.holder_id or None,
        holder_called=said.called if facts.has_holder else None,
        holder_answered=bool(said.answered) if facts.has_holder and said.called else None,
        holder_answer=said.answer.strip() if said.answered else "",
        prescriber=said.prescriber.strip(),
    )
