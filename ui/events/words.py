"""The words of events around a handout: codes in the clinic's language, problems as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from fieldapp.domain.handout_events import CommunicationTopic, FollowUp, IncidentType

translate = QCoreApplication.translate

_INCIDENTS: Final[Mapping[IncidentType, object]] = {
    IncidentType.LOST: QT_TRANSLATE_NOOP("events", "Mistet eller stjålet"),
    IncidentType.VOMITED: QT_TRANSLATE_NOOP("events", "Kastet opp"),
    IncidentType.SPILT: QT_TRANSLATE_NOOP("events", "Sølt"),
    IncidentType.RETURNED: QT_TRANSLATE_NOOP("events", "Levert tilbake"),
}
_TOPICS: Final[Mapping[CommunicationTopic, object]] = {
    CommunicationTopic.MISSED_DAYS: QT_TRANSLATE_NOOP("events", "Dager uten medisin"),
    CommunicationTopic.DOSE: QT_TRANSLATE_NOOP("events", "Dagens dose"),
    CommunicationTopic.ORDER: QT_TRANSLATE_NOOP("events", "Ordinasjonen"),
    CommunicationTopic.OTHER: QT_TRANSLATE_NOOP("events", "Annet"),
}
_FOLLOW_UPS: Final[Mapping[FollowUp, object]] = {
    FollowUp.CALLED_113: QT_TRANSLATE_NOOP("events", "Ringte 113"),
    FollowUp.NALOXONE_GIVEN: QT_TRANSLATE_NOOP("events", "Nalokson gitt"),
    FollowUp.HOSPITAL: QT_TRANSLATE_NOOP("events", "Til legevakt eller sykehus"),
    FollowUp.PRESCRIBER_TOLD: QT_TRANSLATE_NOOP("events", "Rekvirent er orientert"),
    FollowUp.NEW_KIT: QT_TRANSLATE_NOOP("events", "Nytt naloksonsett"),
    FollowUp.CONVERSATION: QT_TRANSLATE_NOOP("events", "Samtale etterpå"),
    FollowUp.CRISIS_PLAN: QT_TRANSLATE_NOOP("events", "Kriseplan sett på"),
}
_PROBLEMS: Final[Mapping[str, object]] = {
    "event_in_future": QT_TRANSLATE_NOOP(
        "events", "Tidspunktet er ikke kommet ennå. Ingenting er skrevet. Rett tiden."
    ),
    "doses_missing": QT_TRANSLATE_NOOP(
        "events", "Velg hvilken dose det gjelder. Ingenting er skrevet."
    ),
    "unknown_dose": QT_TRANSLATE_NOOP(
        "events", "En av dosene er ikke gitt til denne pasienten. Ingenting er skrevet."
    ),
    "minutes_wrong": QT_TRANSLATE_NOOP(
        "events", "Skriv antall minutter som et helt tall fra 0. Ingenting er skrevet."
    ),
    "told_by_missing": QT_TRANSLATE_NOOP("events", "Skriv hvem som sa det. Ingenting er skrevet."),
    "day_in_future": QT_TRANSLATE_NOOP(
        "events", "Dagen er ikke kommet ennå. Ingenting er skrevet. Velg en annen dag."
    ),
    "contacted_missing": QT_TRANSLATE_NOOP(
        "events", "Skriv hvem du var i kontakt med. Ingenting er skrevet."
    ),
    "text_missing": QT_TRANSLATE_NOOP(
        "events", "Skriv hva som ble sagt eller hva som skjedde. Ingenting er skrevet."
    ),
    "product_missing": QT_TRANSLATE_NOOP(
        "events", "Velg hvilken nesespray det var. Ingenting er skrevet."
    ),
    "kits_wrong": QT_TRANSLATE_NOOP(
        "events", "Antall sett må være et helt tall fra 1 til 20. Ingenting er skrevet."
    ),
    "description_missing": QT_TRANSLATE_NOOP(
        "events", "Skriv hva som skjedde. Ingenting er skrevet."
    ),
    "not_this_patient": QT_TRANSLATE_NOOP(
        "events", "Dette hører til en annen pasient. Ingenting er skrevet. Åpne pasienten på nytt."
    ),
}


def incident_word(code: IncidentType) -> str:
    """The word for what became of a dose."""
    return translate("events", str(_INCIDENTS[code]))


def topic_word(code: CommunicationTopic) -> str:
    """The word for what a contact was about."""
    return translate("events", str(_TOPICS[code]))


def follow_up_word(code: FollowUp) -> str:
    """The word for a step after an overdose."""
    return translate("events", str(_FOLLOW_UPS[code]))


def problem_text(code: str) -> str:
    """Say why nothing was written; a code that nobody knows says so plainly."""
    text = _PROBLEMS.get(code)
    if text is None:
        return translate("events", "Slik kan det ikke skrives. Ingenting er skrevet.")
    return translate("events", str(text))
