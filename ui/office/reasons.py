"""Why something was stopped, not taken or not done, in plain bokmål for those at the office."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from sync.client.office_messages import BadRequestError, ClosingCode, NotFoundError_
from ui import errors

translate = QCoreApplication.translate

_STOPPED: dict[str, object] = {
    "same_field": QT_TRANSLATE_NOOP(
        "office",
        "Det samme er endret både på laptopen og på serveren. Begge er tatt vare på. Velg hva som "
        "skal gjelde.",
    ),
    "event_differs": QT_TRANSLATE_NOOP(
        "office",
        "Serveren har noe annet under samme nummer, og det som er ført, skrives aldri over. Begge "
        "er tatt vare på. Les dem begge før du velger.",
    ),
    "server_owned": QT_TRANSLATE_NOOP(
        "office", "Dette kan bare endres på kontoret. Ønsket fra laptopen er tatt vare på."
    ),
    "not_assigned": QT_TRANSLATE_NOOP(
        "office",
        "Den ansatte fulgte ikke pasienten da endringen kom. Den er tatt vare på, og den kan "
        "lagres herfra.",
    ),
    "without_right": QT_TRANSLATE_NOOP(
        "office",
        "Rollen til den som sendte dette, har ikke rett til å føre det. Det er tatt vare på, og "
        "kan lagres herfra når det er kontrollert.",
    ),
    "lost_laptop": QT_TRANSLATE_NOOP(
        "office",
        "Endringen kom fra en laptop som er meldt tapt. Hvem som helst kan ha skrevet den. Spør "
        "den ansatte før du lagrer.",
    ),
    "device_revoked": QT_TRANSLATE_NOOP(
        "office",
        "Endringen kom fra en laptop som er meldt tilbaketrukket. Kontroller med den ansatte før "
        "du lagrer.",
    ),
    "other_patient": QT_TRANSLATE_NOOP(
        "office",
        "Endringen hører til en annen pasient på serveren. Begge er tatt vare på. Se hvem det "
        "gjelder før du lagrer.",
    ),
    "unreadable": QT_TRANSLATE_NOOP(
        "office",
        "Serveren kunne ikke lese dette slik det står. Det er tatt vare på. Rett det som er feil, "
        "og lagre.",
    ),
    "too_large": QT_TRANSLATE_NOOP(
        "office",
        "Teksten er for stor til å lagres i ett. Den er tatt vare på. Be den ansatte skrive resten "
        "som et tillegg.",
    ),
    "unknown_parent": QT_TRANSLATE_NOOP(
        "office",
        "Det denne endringen bygger på, er ikke kommet til serveren. Ta det som ligger foran i "
        "listen, først.",
    ),
}

_SAME = {
    "change_id_reused": "event_differs",
    "bad_id": "unreadable",
    "bad_body": "unreadable",
    "not_storable": "unreadable",
    "revoked": "device_revoked",
    "review": "device_revoked",
    "lost_laptop": "lost_laptop",
    "critical": "same_field",
}
"""Codes of the server that mean the same to the person who reads them."""

_NOT_DONE: dict[str, object] = {
    "reason_missing": QT_TRANSLATE_NOOP(
        "office", "Skriv en begrunnelse først. Ingenting er endret."
    ),
    "words_missing": QT_TRANSLATE_NOOP("office", "Skriv noen ord om hvorfor. Ingenting er endret."),
    "own_handout": QT_TRANSLATE_NOOP(
        "office",
        "Du ga dosen selv, så en annen må avgjøre om dagen skal åpnes. Ingenting er endret.",
    ),
    "involved": QT_TRANSLATE_NOOP(
        "office", "Du var med på dette, så en annen må svare. Ingenting er endret."
    ),
    "already_answered": QT_TRANSLATE_NOOP(
        "office", "En annen har allerede svart. Ingenting nytt er endret. Hent på nytt."
    ),
    "event": QT_TRANSLATE_NOOP(
        "office",
        "Dette er noe som har skjedd, og det kan bare lagres. Ingenting er endret.",
    ),
    "not_open": QT_TRANSLATE_NOOP(
        "office", "En annen har allerede avgjort dette. Ingenting nytt er endret. Hent på nytt."
    ),
    "body": QT_TRANSLATE_NOOP(
        "office",
        "Slik det står nå, kan serveren ikke lese det. Ingenting er endret. Rett det og prøv "
        "igjen.",
    ),
    "no_server_body": QT_TRANSLATE_NOOP(
        "office", "Serveren har ikke noe eget å beholde. Ingenting er endret."
    ),
    "server_owned": QT_TRANSLATE_NOOP(
        "office",
        "Forordninger, tildelinger og roller lagres ikke herfra. Ingenting er endret. Gjør "
        "endringen der den hører hjemme, og behold serverens.",
    ),
    "author": QT_TRANSLATE_NOOP(
        "office", "Hvem som førte dette, kan ikke endres. Ingenting er endret."
    ),
    "kind": QT_TRANSLATE_NOOP(
        "office", "Dette slaget forslag kan ikke godtas herfra. Ingenting er endret."
    ),
    "closed": QT_TRANSLATE_NOOP(
        "office", "Kontoen er stengt, så den kan ikke få en ny laptop. Ingenting er endret."
    ),
    "role_reads_nothing": QT_TRANSLATE_NOOP(
        "office",
        "Rollen til den ansatte leser ingen journaler, så pasienten kan ikke tildeles. Ingenting "
        "er endret. Velg en annen.",
    ),
    "own_opening": QT_TRANSLATE_NOOP(
        "office", "Dette åpnet du selv. Ingenting er endret. En annen må se gjennom det."
    ),
    "reviewed": QT_TRANSLATE_NOOP(
        "office", "Åpningen er alt funnet i orden. Ingenting er endret. Hent på nytt."
    ),
    "own_account": QT_TRANSLATE_NOOP(
        "office",
        "Du kan ikke stenge din egen konto. Ingenting er endret. Be en annen på kontoret gjøre "
        "det.",
    ),
    "username": QT_TRANSLATE_NOOP(
        "office", "Brukernavnet kan ikke brukes. Ingenting er endret. Skriv et annet."
    ),
    "username_taken": QT_TRANSLATE_NOOP(
        "office", "Brukernavnet er i bruk. Ingenting er endret. Velg et annet."
    ),
    "name": QT_TRANSLATE_NOOP("office", "Navnet mangler. Ingenting er endret."),
    "role": QT_TRANSLATE_NOOP(
        "office", "Serveren kjenner ikke rollen. Ingenting er endret. Hent på nytt."
    ),
    "role_not_yours": QT_TRANSLATE_NOOP(
        "office",
        "Rollen har flere rettigheter enn din. Ingenting er endret. Be en administrator gjøre det.",
    ),
    "own_role": QT_TRANSLATE_NOOP(
        "office",
        "Du kan ikke endre din egen rolle. Ingenting er endret. Be en annen på kontoret gjøre det.",
    ),
    "language": QT_TRANSLATE_NOOP(
        "office", "Programmet snakker ikke dette språket. Ingenting er endret."
    ),
    "text": QT_TRANSLATE_NOOP(
        "office", "Teksten er for lang. Ingenting er endret. Skriv den kortere."
    ),
    "same_patient": QT_TRANSLATE_NOOP(
        "office", "De to er allerede samme pasient. Ingenting er endret. Hent på nytt."
    ),
    "live_claims": QT_TRANSLATE_NOOP(
        "office",
        "Noen har reservert utdelingsdager på en laptop. Ingenting er endret. Be dem frigi dagene "
        "og synkronisere, og prøv igjen.",
    ),
    "rule": QT_TRANSLATE_NOOP(
        "office", "En av reglene har en verdi som ikke går an. Ingenting er endret."
    ),
    "already_joined": QT_TRANSLATE_NOOP(
        "office", "En av dem er allerede slått sammen med en annen. Ingenting er endret."
    ),
    "order_form": QT_TRANSLATE_NOOP(
        "office", "Ønsket godtas ved å føre ordinasjonen. Ingenting er endret."
    ),
    "own_entry": QT_TRANSLATE_NOOP(
        "office", "Du har ført dette selv. En annen må godkjenne. Ingenting er endret."
    ),
    "entry_waiting": QT_TRANSLATE_NOOP(
        "office",
        "En annen endring av ordinasjonen venter på godkjenning. Avgjør den først. Ingenting er "
        "endret.",
    ),
    "order_changed": QT_TRANSLATE_NOOP(
        "office",
        "Ordinasjonen er endret av en annen siden du hentet den. Ingenting er endret. Hent på "
        "nytt, og før det på nytt.",
    ),
    "order_stopped": QT_TRANSLATE_NOOP(
        "office",
        "Ordinasjonen er stanset. Skal dosen gis igjen, føres en ny ordinasjon. Ingenting er "
        "endret.",
    ),
    "already": QT_TRANSLATE_NOOP(
        "office", "Det er allerede slik. Ingenting er endret. Hent på nytt."
    ),
    "told_missing": QT_TRANSLATE_NOOP("office", "Skriv hvem som er varslet. Ingenting er endret."),
    "day_passed": QT_TRANSLATE_NOOP(
        "office", "Dagen er passert. Ingenting er endret. Velg i dag eller senere."
    ),
    "day_in_future": QT_TRANSLATE_NOOP("office", "Dagen er ikke kommet ennå. Ingenting er endret."),
    "place": QT_TRANSLATE_NOOP("office", "Velg det nye stedet. Ingenting er endret."),
    "courier_off": QT_TRANSLATE_NOOP(
        "office",
        "Virksomheten har ikke åpnet for sendefiler. Ingenting er tatt imot. En administrator kan "
        "åpne for det under Regler.",
    ),
    "courier_damaged": QT_TRANSLATE_NOOP(
        "office",
        "Dette er ikke en sendefil, eller den er skadet. Ingenting er tatt imot. Kopier filen på "
        "nytt fra laptopen.",
    ),
    "courier_truncated": QT_TRANSLATE_NOOP(
        "office",
        "Slutten av filen mangler. Ingenting er tatt imot. Kopier filen på nytt fra laptopen.",
    ),
    "courier_too_large": QT_TRANSLATE_NOOP(
        "office",
        "Filen er større enn en sendefil kan være. Ingenting er tatt imot. Se om det er riktig "
        "fil.",
    ),
    "courier_newer": QT_TRANSLATE_NOOP(
        "office",
        "Filen er skrevet av en nyere utgave av programmet. Ingenting er tatt imot. Oppdater "
        "serveren først.",
    ),
    "courier_wrong_server": QT_TRANSLATE_NOOP(
        "office",
        "Filen er til en annen server. Ingenting er tatt imot. Se om det er riktig fil.",
    ),
    "courier_unknown_laptop": QT_TRANSLATE_NOOP(
        "office",
        "Filen kommer fra en laptop som ikke er kjent her. Ingenting er tatt imot. Kontakt "
        "brukerstøtte.",
    ),
    "courier_signature": QT_TRANSLATE_NOOP(
        "office",
        "Filen er ikke signert av laptopen den sier den kommer fra. Ingenting er tatt imot. "
        "Kontakt brukerstøtte.",
    ),
    "courier_key": QT_TRANSLATE_NOOP(
        "office",
        "Filen er låst med en nøkkel som serveren ikke har. Ingenting er tatt imot. Lag en ny fil "
        "på laptopen.",
    ),
}

_GONE = QT_TRANSLATE_NOOP(
    "office", "Dette finnes ikke lenger på serveren. Ingenting er endret. Hent på nytt."
)

_LINE = QT_TRANSLATE_NOOP(
    "office",
    "Kontoret trenger forbindelse med serveren, og den er borte akkurat nå. Ingenting er endret. "
    "Prøv igjen om litt.",
)

_NO_LINE = frozenset(
    {
        "offline",
        "name_lookup",
        "connection_refused",
        "line_broken",
        "timeout",
        "connect_timeout",
    }
)
"""On the laptop these say that work is stored there; here nothing waits, so it is said plainly."""

_POINTS: dict[ClosingCode, tuple[object, object]] = {
    ClosingCode.UNSENT: (
        QT_TRANSLATE_NOOP("office", "1 endring ligger bare på laptopen og går tapt"),
        QT_TRANSLATE_NOOP("office", "{0} endringer ligger bare på laptopen og går tapt"),
    ),
    ClosingCode.PARKED: (
        QT_TRANSLATE_NOOP("office", "1 endring er stoppet på laptopen"),
        QT_TRANSLATE_NOOP("office", "{0} endringer er stoppet på laptopen"),
    ),
    ClosingCode.CONFLICTS: (
        QT_TRANSLATE_NOOP("office", "1 konflikt er ikke avgjort på laptopen"),
        QT_TRANSLATE_NOOP("office", "{0} konflikter er ikke avgjort på laptopen"),
    ),
    ClosingCode.DRAFTS_UNSENT: (
        QT_TRANSLATE_NOOP("office", "1 utkast ligger bare på laptopen og går tapt"),
        QT_TRANSLATE_NOOP("office", "{0} utkast ligger bare på laptopen og går tapt"),
    ),
    ClosingCode.NEVER_REPORTED: (
        QT_TRANSLATE_NOOP(
            "office", "Laptopen har aldri meldt fra, så ingen vet hva som ligger der"
        ),
        QT_TRANSLATE_NOOP(
            "office", "Laptopen har aldri meldt fra, så ingen vet hva som ligger der"
        ),
    ),
    ClosingCode.REPORT_OLD: (
        QT_TRANSLATE_NOOP("office", "Tallene er ett døgn gamle. Det kan ligge mer på laptopen nå"),
        QT_TRANSLATE_NOOP("office", "Tallene er {0} døgn gamle. Det kan ligge mer på laptopen nå"),
    ),
    ClosingCode.VISITS_SINCE: (
        QT_TRANSLATE_NOOP("office", "1 besøk eller avtale siden siste fullførte synk"),
        QT_TRANSLATE_NOOP("office", "{0} besøk eller avtaler siden siste fullførte synk"),
    ),
    ClosingCode.PARKED_HERE: (
        QT_TRANSLATE_NOOP(
            "office", "1 stoppet endring ligger hos kontoret og kan fortsatt tas over"
        ),
        QT_TRANSLATE_NOOP(
            "office", "{0} stoppede endringer ligger hos kontoret og kan fortsatt tas over"
        ),
    ),
    ClosingCode.DRAFTS_HERE: (
        QT_TRANSLATE_NOOP(
            "office", "1 utkast er hos serveren og kan leses av gjenopprettingsansvarlig"
        ),
        QT_TRANSLATE_NOOP(
            "office", "{0} utkast er hos serveren og kan leses av gjenopprettingsansvarlig"
        ),
    ),
    ClosingCode.ONLY_FOLLOWER: (
        QT_TRANSLATE_NOOP("office", "1 pasient følges av ingen andre"),
        QT_TRANSLATE_NOOP("office", "{0} pasienter følges av ingen andre"),
    ),
    ClosingCode.NOTHING_KNOWN: (
        QT_TRANSLATE_NOOP("office", "Serveren kjenner ikke til noe som går tapt"),
        QT_TRANSLATE_NOOP("office", "Serveren kjenner ikke til noe som går tapt"),
    ),
}

_DUPLICATE: dict[str, object] = {
    "national_id": QT_TRANSLATE_NOOP("office", "Samme fødselsnummer"),
    "name_and_birth": QT_TRANSLATE_NOOP("office", "Samme navn og fødselsdato"),
    "name": QT_TRANSLATE_NOOP("office", "Likt navn"),
}


def stopped_text(reason: str, detail: str = "") -> str:
    """Say why a change waits for the office. The most exact code that has a sentence is used."""
    for code in (detail, reason):
        known = code.partition(":")[0]
        text = _STOPPED.get(_SAME.get(known, known))
        if text is not None:
            return translate("office", str(text))
    return errors.sentence(reason or "refused")


def not_done_text(error: BaseException) -> str:
    """Say why the server did not do what was asked for, and that nothing was changed."""
    if isinstance(error, BadRequestError):
        code = str(error.args[0]).partition(":")[0] if error.args else ""
        text = _NOT_DONE.get(code)
        if text is not None:
            return translate("office", str(text))
    if isinstance(error, NotFoundError_):
        return translate("office", str(_GONE))
    code = errors.code_for(error)
    return translate("office", str(_LINE)) if code in _NO_LINE else errors.sentence(code)


def needs_login(error: BaseException) -> bool:
    """True when only a log-in on the sync page helps."""
    return getattr(error, "family", "") == "login_expired"


def point_text(code: ClosingCode, count: int) -> str:
    """One thing to know before a laptop or an account is closed."""
    one, many = _POINTS[code]
    return translate("office", str(one if count == 1 else many)).format(count)


def duplicate_text(reason: str) -> str:
    """Say why two records may be one person."""
    text = _DUPLICATE.get(reason)
    return translate("office", str(text)) if text is not None else reason
