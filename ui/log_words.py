"""The access log in plain words: what was done, why, and whether a log is whole."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from ui.words import kind_word

translate = QCoreApplication.translate

_ACTIONS: dict[str, object] = {
    "open": QT_TRANSLATE_NOOP("log", "åpnet"),
    "print": QT_TRANSLATE_NOOP("log", "skrev ut"),
    "export": QT_TRANSLATE_NOOP("log", "lagret som fil"),
    "copy": QT_TRANSLATE_NOOP("log", "kopierte"),
    "create": QT_TRANSLATE_NOOP("log", "skrev ny"),
    "update": QT_TRANSLATE_NOOP("log", "endret"),
    "record": QT_TRANSLATE_NOOP("log", "førte"),
    "sign": QT_TRANSLATE_NOOP("log", "signerte"),
    "complete": QT_TRANSLATE_NOOP("log", "fullførte"),
    "start": QT_TRANSLATE_NOOP("log", "begynte"),
    "finish": QT_TRANSLATE_NOOP("log", "avsluttet"),
    "no_show": QT_TRANSLATE_NOOP("log", "førte ikke møtt"),
    "plan": QT_TRANSLATE_NOOP("log", "planla"),
    "cancel": QT_TRANSLATE_NOOP("log", "avlyste"),
    "discard": QT_TRANSLATE_NOOP("log", "forkastet"),
    "reverse": QT_TRANSLATE_NOOP("log", "tok tilbake"),
    "propose": QT_TRANSLATE_NOOP("log", "sendte ønske om"),
    "answer": QT_TRANSLATE_NOOP("log", "besvarte"),
    "settle": QT_TRANSLATE_NOOP("log", "avgjorde"),
    "retry": QT_TRANSLATE_NOOP("log", "sendte på nytt"),
    "hand_over": QT_TRANSLATE_NOOP("log", "ba kontoret om hjelp med"),
    "drop_claim": QT_TRANSLATE_NOOP("log", "ga fra seg"),
    "import": QT_TRANSLATE_NOOP("log", "leste inn"),
    "install": QT_TRANSLATE_NOOP("log", "installerte"),
    "deviation_report": QT_TRANSLATE_NOOP("log", "skrev avvik om"),
    "mark_wrong_patient": QT_TRANSLATE_NOOP("log", "meldte en oppføring feilført"),
    "passphrase_confirmed": QT_TRANSLATE_NOOP("log", "bekreftet passfrasen"),
    "passphrase_refused": QT_TRANSLATE_NOOP("log", "skrev feil passfrase"),
    "witness_code_refused": QT_TRANSLATE_NOOP("log", "skrev feil vitnekode"),
    # --- at the office
    "overview": QT_TRANSLATE_NOOP("log", "så på synkoversikten"),
    "patients": QT_TRANSLATE_NOOP("log", "så på pasientlisten"),
    "parked": QT_TRANSLATE_NOOP("log", "så på stoppede endringer"),
    "flagged": QT_TRANSLATE_NOOP("log", "så på merkede endringer"),
    "issues": QT_TRANSLATE_NOOP("log", "så på sikkerhetssaker"),
    "safety": QT_TRANSLATE_NOOP("log", "så på sikkerhetssaker"),
    "answer_issue": QT_TRANSLATE_NOOP("log", "besvarte en sikkerhetssak"),
    "take_over": QT_TRANSLATE_NOOP("log", "avgjorde en stoppet endring"),
    "closing": QT_TRANSLATE_NOOP("log", "så på hva en laptop har"),
    "breach_report": QT_TRANSLATE_NOOP("log", "laget rapport om tapt laptop"),
    "give_order": QT_TRANSLATE_NOOP("log", "ga ordre til en laptop"),
    "revoke": QT_TRANSLATE_NOOP("log", "stengte en laptop"),
    "close_account": QT_TRANSLATE_NOOP("log", "stengte en konto"),
    "assign": QT_TRANSLATE_NOOP("log", "tildelte pasienten"),
    "unassign": QT_TRANSLATE_NOOP("log", "avsluttet en tildeling"),
    "enrol_code": QT_TRANSLATE_NOOP("log", "laget engangskode"),
    "duplicates": QT_TRANSLATE_NOOP("log", "så på dubletter"),
    "join": QT_TRANSLATE_NOOP("log", "slo sammen to pasienter"),
    "proposals": QT_TRANSLATE_NOOP("log", "så på forslag"),
    "decide_proposal": QT_TRANSLATE_NOOP("log", "avgjorde et forslag"),
    "set_rules": QT_TRANSLATE_NOOP("log", "endret regler"),
    "rules": QT_TRANSLATE_NOOP("log", "så på reglene"),
    "receive_courier": QT_TRANSLATE_NOOP("log", "tok imot en sendefil"),
    "drafts_of": QT_TRANSLATE_NOOP("log", "leste utkast"),
    "orders": QT_TRANSLATE_NOOP("log", "så på ordinasjoner"),
    "order_history": QT_TRANSLATE_NOOP("log", "så på en ordinasjon"),
    "order_patients": QT_TRANSLATE_NOOP("log", "så på pasientlisten"),
    "enter_order": QT_TRANSLATE_NOOP("log", "førte en ordinasjon"),
    "act_on_order": QT_TRANSLATE_NOOP("log", "endret en ordinasjon"),
    "settle_order": QT_TRANSLATE_NOOP("log", "avgjorde en ordinasjon"),
    "import_orders": QT_TRANSLATE_NOOP("log", "leste inn ordinasjoner"),
    "people": QT_TRANSLATE_NOOP("log", "så på ansatte"),
    "add_person": QT_TRANSLATE_NOOP("log", "la til en ansatt"),
    "change_person": QT_TRANSLATE_NOOP("log", "endret en ansatt"),
    "new_password": QT_TRANSLATE_NOOP("log", "satte nytt passord"),
    "openings": QT_TRANSLATE_NOOP("log", "så på tilganger"),
    "review_opening": QT_TRANSLATE_NOOP("log", "vurderte en tilgang"),
    "access_find": QT_TRANSLATE_NOOP("log", "søkte opp pasienten"),
    "access_open": QT_TRANSLATE_NOOP("log", "fikk tilgang til pasienten"),
    "access_log": QT_TRANSLATE_NOOP("log", "leste loggen"),
    "log_patients": QT_TRANSLATE_NOOP("log", "søkte i loggen"),
    "log_print": QT_TRANSLATE_NOOP("log", "laget utskrift til pasienten"),
    "log_chains": QT_TRANSLATE_NOOP("log", "kontrollerte loggene"),
    "wrong_entries": QT_TRANSLATE_NOOP("log", "så på en oppføring meldt feilført"),
    "decide_entry": QT_TRANSLATE_NOOP("log", "avgjorde en oppføring meldt feilført"),
    "set_witness_code": QT_TRANSLATE_NOOP("log", "satte vitnekode"),
}

_PLACES: dict[str, object] = {
    "patient": QT_TRANSLATE_NOOP("log", "pasienten"),
    "visit": QT_TRANSLATE_NOOP("log", "besøket"),
    "screening": QT_TRANSLATE_NOOP("log", "kartlegging"),
    "rapid_test": QT_TRANSLATE_NOOP("log", "hurtigtest"),
    "handout": QT_TRANSLATE_NOOP("log", "utlevering"),
    "register": QT_TRANSLATE_NOOP("log", "narkotikaregnskapet"),
    "sheets": QT_TRANSLATE_NOOP("log", "papirlister"),
    "access_log": QT_TRANSLATE_NOOP("log", "tilgangsloggen"),
    "receipt": QT_TRANSLATE_NOOP("log", "dagens kvittering"),
    "breach_report": QT_TRANSLATE_NOOP("log", "rapporten om en laptop"),
    "register_month": QT_TRANSLATE_NOOP("log", "månedens narkotikaregnskap"),
    "register_places": QT_TRANSLATE_NOOP("log", "listen over utleveringer per sted"),
    "register_adviser": QT_TRANSLATE_NOOP("log", "listen til rådgiverdagen"),
    "register_slips": QT_TRANSLATE_NOOP("log", "utleveringslapper"),
    "register_labels": QT_TRANSLATE_NOOP("log", "etiketter"),
}

_REASONS: dict[str, object] = {
    "TREAT": QT_TRANSLATE_NOOP("log", "behandling"),
    "ETREAT": QT_TRANSLATE_NOOP("log", "øyeblikkelig hjelp"),
    "BTG": QT_TRANSLATE_NOOP("log", "annen tungtveiende grunn"),
}

_WHOLE = frozenset({"mark_wrong_patient", "passphrase_confirmed", "passphrase_refused"})
"""What says by itself what was done to what."""

REASONS = tuple(_REASONS)


def action_word(code: str) -> str:
    """What was done. A code of a newer version is shown as it is."""
    text = _ACTIONS.get(code)
    return code.replace("_", " ") if text is None else translate("log", str(text))


def reason_word(code: str | None) -> str:
    """Why a patient was opened; empty where no reason is asked for."""
    text = _REASONS.get(code or "")
    return (code or "") if text is None else translate("log", str(text))


def what_words(action: str, kind: str | None) -> str:
    """What was done to what: "åpnet besøket", "signerte notat"."""
    done = action_word(action)
    if kind is None or action in _WHOLE:
        return done
    place = _PLACES.get(kind)
    object_ = translate("log", str(place)) if place is not None else kind_word(kind).lower()
    return f"{done} {object_}"
