"""The light of a dose in words: what it is, why, and what to do about it.

Never by colour alone: the icon and the first word say the same as the colour does. Every sentence
names who can do something about it, until when it lasts, and where the figure comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.domain.claims import Claim
from fieldapp.domain.handout_events import PharmacyReport
from fieldapp.domain.medication import MedicationAdministration, Slot
from fieldapp.domain.patients import Practitioner
from fieldapp.domain.readiness import Code, Finding, Light, Verdict, Window
from fieldapp.domain.strict_json import Source
from fieldapp.domain.substances import Interval, SubstanceGroup
from fieldapp.services.claims import Wish
from ui.widgets.basics import Tone
from ui.words import clock_text, day_text, long_day, near_day

translate = QCoreApplication.translate

CURED_BY_A_LINE = frozenset(
    {
        Code.NOT_CLAIMED,
        Code.ORDER_CHANGED,
        Code.NOT_PULLED,
        Code.PULL_TOO_OLD,
        Code.CLOCK,
        Code.STORE_SET_BACK,
    }
)
"""What claiming and fetching the list again can put right."""

CLAIMS_ANEW = frozenset({Code.NOT_CLAIMED, Code.ORDER_CHANGED, Code.STORE_SET_BACK})
"""What needs a new claim; for the rest a complete sync is enough."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the sentences draw on. `synced` is when the list was fetched, in words."""

    group: SubstanceGroup
    people: Mapping[str, Practitioner]
    me: str
    today: date
    synced: str
    online: bool
    may_force: bool
    doses: Mapping[str, MedicationAdministration] = field(default_factory=dict)
    reports: Mapping[str, PharmacyReport] = field(default_factory=dict)
    window: Window | None = None
    pull_limit_hours: int | None = None
    until: datetime | None = None
    """When the service day is over."""
    contact: str = ""
    """The newest contact with the prescriber about the days without a dose, in words."""


@dataclass(frozen=True, slots=True)
class LightView:
    """One light as it is shown. `sentence` is the gravest reason with what to do; `also` the rest.

    `may_reserve`: there is a line, and claiming and syncing can turn it green. `may_force`: the
    emergency handout is the way that is left; `force_refused` says why this person may not.
    """

    light: Light
    icon: str
    tone: Tone
    title: str
    sentence: str
    also: tuple[str, ...] = ()
    source: str = ""
    may_reserve: bool = False
    may_force: bool = False
    force_refused: str = ""
    asks_contact: bool = False
    """So many days without a dose that the prescriber is to be contacted."""

    @property
    def spoken(self) -> str:
        """All of it, for a screen reader."""
        return " ".join(part for part in (f"{self.title}.", self.sentence, *self.also) if part)


def light_view(verdict: Verdict, slot: Slot, known: Knowledge) -> LightView:
    """Put the light of one dose into words."""
    icon, tone, title = _head(verdict.light)
    sentences = [_sentence(finding, slot, known) for finding in verdict.findings]
    # Two days of one trip may say the same; it is told once.
    also = [said for said in dict.fromkeys(sentences[1:]) if said != sentences[0]]
    warned = _warning(verdict, known)
    if warned:
        also.append(warned)
    missed = is_missed(verdict)
    if missed and known.contact:
        also.append(known.contact)
    if verdict.light is Light.GREEN:
        return LightView(
            verdict.light,
            icon,
            tone,
            title,
            _green_sentence(verdict, known),
            tuple(also),
            _source(_warn_source(verdict, known), known),
            asks_contact=missed,
        )
    curable = all(finding.code in CURED_BY_A_LINE for finding in verdict.findings)
    reserve = verdict.light is Light.AMBER and curable and known.online
    return LightView(
        verdict.light,
        icon,
        tone,
        title,
        sentences[0] if sentences else "",
        tuple(also),
        _source(_finding_source(verdict.findings, known) or _warn_source(verdict, known), known),
        may_reserve=reserve,
        may_force=not reserve and known.may_force,
        force_refused="" if reserve or known.may_force else _force_refused(),
        asks_contact=missed,
    )


def is_missed(verdict: Verdict) -> bool:
    """True from so many days without a dose on that the prescriber is to be contacted."""
    return verdict.warn_missed is not None


def worst(views: list[LightView]) -> LightView | None:
    """The light of a handing-over of several doses: that of the worst of them."""
    order = (Light.RED, Light.AMBER, Light.GREEN)
    return min(views, key=lambda view: order.index(view.light), default=None)


def short_words(light: Light) -> tuple[str, str, Tone]:
    """Icon, word and tone for the list of patients."""
    icon, tone, _ = _head(light)
    words = {
        Light.GREEN: translate("handout", "kan gis"),
        Light.AMBER: translate("handout", "ikke ennå"),
        Light.RED: translate("handout", "ikke gi"),
    }
    return icon, words[light], tone


def person_words(practitioner_id: str | None, known: Knowledge) -> str:
    """ "Berit Åsheim (tlf. 900 33 444)"; says so where no number is known."""
    if practitioner_id is None:
        return translate("handout", "en annen maskin")
    if practitioner_id == known.me:
        return translate("handout", "du selv på en annen maskin")
    person = known.people.get(practitioner_id)
    if person is None:
        return translate("handout", "en ansatt som ikke er kjent på denne maskinen")
    if not person.phone:
        return translate("handout", "{name} (telefonnummer mangler)").format(name=person.name)
    return translate("handout", "{name} (tlf.\u00a0{phone})").format(
        name=person.name, phone=person.phone.replace(" ", "\u00a0")
    )


def moment_words(moment: datetime, today: date) -> str:
    """ "kl. 10:10", or "i morgen kl. 06:00"."""
    day = moment.astimezone(OSLO).date()
    clock = translate("handout", "kl.\u00a0{clock}").format(clock=clock_text(moment))
    return clock if day == today else f"{near_day(day, today)} {clock}"


# --- head and green


def _head(light: Light) -> tuple[str, Tone, str]:
    if light is Light.GREEN:
        return "circle-check", "ok", translate("handout", "Grønt: kan gis")
    if light is Light.AMBER:
        return "triangle-alert", "warn", translate("handout", "Gult: ikke gi ennå")
    return "siren", "danger", translate("handout", "Rødt: ikke gi")


def _green_sentence(verdict: Verdict, known: Knowledge) -> str:
    if known.until is None:
        return translate("handout", "Dosen er reservert for deg på denne maskinen.")
    del verdict
    return translate(
        "handout", "Dagen er reservert for deg på denne maskinen. Den kan gis til {until}."
    ).format(until=moment_words(known.until, known.today))


def _force_refused() -> str:
    return translate(
        "handout", "Rollen din kan ikke gjøre nødutdeling. Ring teamleder eller rekvirenten."
    )


def _warning(verdict: Verdict, known: Knowledge) -> str:
    limit = known.group.missed_warn
    stopped = any(finding.code is Code.MISSED_TOO_LONG for finding in verdict.findings)
    if verdict.warn_missed is None or limit is None or stopped:
        return ""
    return translate("handout", "{count} dager uten kjent dose. {advice}.").format(
        count=verdict.warn_missed, advice=limit.text
    )


# --- what the server answered to a wish


_DENIED: dict[str, object] = {
    "held": QT_TRANSLATE_NOOP("handout", "Ikke reservert: {holder} har dagen."),
    "unknown_day": QT_TRANSLATE_NOOP(
        "handout",
        "Ikke reservert: {holder} hadde dagen på en maskin som ble satt tilbake, så ingen vet hva "
        "som er gitt.",
    ),
    "given": QT_TRANSLATE_NOOP("handout", "Ikke reservert: dosen er allerede gitt."),
    "not_planned": QT_TRANSLATE_NOOP("handout", "Ikke reservert: serveren har ingen slik dose."),
    "pharmacy": QT_TRANSLATE_NOOP("handout", "Ikke reservert: apoteket gir denne dagen."),
    "stopped": QT_TRANSLATE_NOOP("handout", "Ikke reservert: ordinasjonen er stoppet."),
    "too_far": QT_TRANSLATE_NOOP(
        "handout", "Ikke reservert: dagen er over, eller for langt fram i tid."
    ),
    "not_assigned": QT_TRANSLATE_NOOP(
        "handout", "Ikke reservert: du følger ikke pasienten. Ring kontoret."
    ),
    "possible_duplicate": QT_TRANSLATE_NOOP(
        "handout", "Ikke reservert: pasienten kan stå to ganger. Ring kontoret."
    ),
    "server_restored": QT_TRANSLATE_NOOP(
        "handout",
        "Ikke reservert: serveren er satt tilbake og venter på at alle maskiner har synket.",
    ),
    "store_in_doubt": QT_TRANSLATE_NOOP(
        "handout", "Ikke reservert: to maskiner har samme identitet. Ring brukerstøtte."
    ),
}


def denial_words(wish: Wish, known: Knowledge) -> str:
    """Why the server gave no claim, with the holder's name and phone where somebody has it."""
    text = _DENIED.get(wish.denied)
    if text is None:
        return translate("handout", "Ikke reservert. Ring kontoret.")
    holder = wish.holder_name or person_words(wish.holder_id or None, known)
    if wish.holder_name and wish.holder_phone:
        holder = translate("handout", "{name} (tlf.\u00a0{phone})").format(
            name=wish.holder_name, phone=wish.holder_phone.replace(" ", "\u00a0")
        )
    return translate("handout", str(text)).format(holder=holder)


# --- where figures come from


def _finding_source(findings: tuple[Finding, ...], known: Knowledge) -> Source | None:
    for finding in findings:
        if finding.code is Code.MISSED_TOO_LONG and known.group.missed_stop is not None:
            return known.group.missed_stop.source
        if finding.code is Code.INTERVAL:
            return _rule(finding, known).source
    return None


def _warn_source(verdict: Verdict, known: Knowledge) -> Source | None:
    limit = known.group.missed_warn
    return limit.source if verdict.warn_missed is not None and limit is not None else None


def _source(figure: Source | None, known: Knowledge) -> str:
    """Where it is known from, and how old that is; and of a figure, whether somebody checked it."""
    parts = [
        translate("handout", "Kilde: serverens liste, hentet {when}").format(when=known.synced)
        if known.synced
        else translate("handout", "Kilde: listen er aldri hentet helt")
    ]
    if figure is not None:
        parts.append(source_words(figure))
    return ". ".join(parts) + "."


def source_words(source: Source) -> str:
    """ "Tallet: Retningslinje for LAR, kontrollert 22.11.2026, eier Medisinsk ansvarlig lege"."""
    checked = (
        translate("handout", "kontrollert {day}")
        if source.verified
        else translate("handout", "ikke kontrollert, sett på {day}")
    ).format(day=day_text(source.reviewed_on))
    said = translate("handout", "Tallet: {source} ({checked})").format(
        source=source.text, checked=checked
    )
    if source.owner:
        said = translate("handout", "{said}, eier {owner}").format(
            said=said, owner=source.owner.lower()
        )
    return said


# --- one sentence for each thing in the way


def _sentence(finding: Finding, slot: Slot, known: Knowledge) -> str:
    if finding.code in CURED_BY_A_LINE:
        if finding.code is Code.PULL_TOO_OLD:
            return _pull_too_old(known)
        return _by_a_line(finding.code, known)
    if finding.code in _FIXED:
        return translate("handout", str(_FIXED[finding.code])).format(
            name=slot.request.prescriber,
            day=day_text(slot.request.stopped_on) if slot.request.stopped_on is not None else "",
        )
    if finding.code in _OF_A_CLAIM:
        return _OF_A_CLAIM[finding.code](finding.claim, slot, known)
    return _FIGURED[finding.code](finding, slot, known)


_FIXED: dict[Code, object] = {
    Code.STOPPED: QT_TRANSLATE_NOOP(
        "handout", "Ordinasjonen er stoppet fra {day}. Ikke gi; ring rekvirenten, {name}."
    ),
    Code.ON_HOLD: QT_TRANSLATE_NOOP(
        "handout", "Kontoret har satt ordinasjonen på vent. Ikke gi; ring rekvirenten, {name}."
    ),
    Code.PHARMACY: QT_TRANSLATE_NOOP(
        "handout",
        "Apoteket gir dosen denne dagen, og dagen kan ikke reserveres. Ring apoteket og før "
        "«Melding fra apotek».",
    ),
    Code.MARKED_DOSE: QT_TRANSLATE_NOOP(
        "handout",
        "En dose er meldt feilført på feil pasient, og det er ikke avgjort. Den regnes som gitt så "
        "lenge. Finn ut hvem som fikk den, før du gir noe.",
    ),
    Code.POSSIBLE_DUPLICATE: QT_TRANSLATE_NOOP(
        "handout",
        "Pasienten kan stå to ganger i listen, og dosen kan være gitt på den andre. Ring kontoret, "
        "som kan slå dem sammen.",
    ),
    Code.NOT_PLANNED: QT_TRANSLATE_NOOP(
        "handout",
        "Dosen er ikke planlagt denne dagen lenger. Hent listen på nytt, og ring rekvirenten, "
        "{name}, om du er i tvil.",
    ),
}


def _given(finding: Finding, slot: Slot, known: Knowledge) -> str:
    dose = known.doses.get(finding.event_id or "")
    report = known.reports.get(finding.event_id or "")
    if dose is not None:
        person = known.people.get(dose.author_id)
        return translate(
            "handout", "Dagens dose ble gitt {when} av {name}. Ikke gi en gang til."
        ).format(
            when=moment_words(dose.given_at, known.today),
            name=person.name if person is not None else translate("handout", "ukjent ansatt"),
        )
    if report is not None:
        return translate(
            "handout",
            "Apoteket har meldt at dagens dose er hentet (fortalt av {name}). Ikke gi en gang til.",
        ).format(name=report.told_by)
    return translate("handout", "Dagens dose er allerede gitt. Ikke gi en gang til.")


def _held(claim: Claim | None, slot: Slot, known: Knowledge) -> str:
    holder = person_words(claim.holder_id if claim is not None else None, known)
    day = claim.day if claim is not None else None
    if day is not None and day < known.today:
        return translate(
            "handout",
            "{day} er ukjent: {holder} har dagen og har ikke synket siden. Ring og spør om dosen "
            "ble gitt.",
        ).format(day=_first_upper(near_day(day, known.today)), holder=holder)
    since = (
        translate("handout", " siden {when}").format(
            when=moment_words(claim.granted_at, known.today)
        )
        if claim is not None and claim.granted_at is not None
        else ""
    )
    what = (
        translate("handout", "Injeksjonen")
        if slot.occurrence is not None and day is None
        else translate("handout", "Dagen")
    )
    return translate(
        "handout",
        "{what} er reservert av {holder}{since}. Ring og spør om dosen er gitt, og be om at "
        "reservasjonen slippes.",
    ).format(what=what, holder=holder, since=since)


def _unknown_day(claim: Claim | None, slot: Slot, known: Knowledge) -> str:
    return translate(
        "handout",
        "Dagen er ukjent: {holder} hadde den på en maskin som er satt tilbake, og det som ble gitt "
        "der, er ikke kjent. Ring og spør om dosen ble gitt.",
    ).format(holder=person_words(claim.holder_id if claim is not None else None, known))


def _rule(finding: Finding, known: Knowledge) -> Interval:
    """The least time that stands in the way: that between the parts of a day is a shorter one."""
    return finding.interval or known.group.between_days


def _interval(finding: Finding, slot: Slot, known: Knowledge) -> str:
    dose = known.doses.get(finding.event_id or "")
    if finding.claim is not None:
        about = translate(
            "handout", "Nabodagen er reservert av {holder}, som kan ha gitt en dose vi ikke vet om."
        ).format(holder=person_words(finding.claim.holder_id, known))
    elif dose is not None:
        about = translate("handout", "Forrige dose ble gitt {when}, og det er for kort tid siden.")
        about = about.format(when=moment_words(dose.given_at, known.today))
    else:
        about = translate("handout", "Apotekets dose kan være tatt for kort tid siden.")
    rule = _rule(finding, known).text
    if finding.until is None:
        return translate("handout", "{about} {rule}. Ring før du gjør noe mer.").format(
            about=about, rule=rule
        )
    return translate("handout", "{about} {rule}; vent til {until}.").format(
        about=about, rule=rule, until=moment_words(finding.until, known.today)
    )


def _not_served(finding: Finding, slot: Slot, known: Knowledge) -> str:
    if finding.until is not None:
        return translate("handout", "Det er for tidlig: dosen kan gis fra {when}.").format(
            when=moment_words(finding.until, known.today)
        )
    return translate(
        "handout",
        "Dagen som dosen hører til, er over. Gi den ikke nå; er den alt gitt, så etterregistrer.",
    )


def _outside_window(finding: Finding, slot: Slot, known: Knowledge) -> str:
    window = known.window
    if window is None:
        return translate("handout", "Injeksjonen er utenfor vinduet sitt. Ring rekvirenten.")
    if known.today < window.opens:
        return translate(
            "handout",
            "Det er for tidlig for injeksjonen: vinduet åpner {day}. Vent, eller ring rekvirenten.",
        ).format(day=long_day(window.opens))
    return translate(
        "handout",
        "Injeksjonen er for sen: vinduet lukket {day}. Ring rekvirenten, som avgjør hva som skal "
        "gis.",
    ).format(day=long_day(window.closes))


def _missed(finding: Finding, slot: Slot, known: Knowledge) -> str:
    limit = known.group.missed_stop
    return translate(
        "handout", "{count} dager uten kjent dose. {rule}. Ring {name} før noe gis."
    ).format(
        count=finding.days,
        rule=limit.text if limit is not None else "",
        name=slot.request.prescriber,
    )


def _pull_too_old(known: Knowledge) -> str:
    when = known.synced or translate("handout", "aldri")
    about = translate("handout", "Listen ble sist hentet {when}, og det er for lenge siden").format(
        when=when
    )
    if known.pull_limit_hours is not None:
        about = translate("handout", "{about} (grensen er {hours} timer)").format(
            about=about, hours=known.pull_limit_hours
        )
    return f"{about}. {_way_out(known)}"


def _by_a_line(code: Code, known: Knowledge) -> str:
    about = {
        Code.NOT_CLAIMED: translate("handout", "Dagen er ikke reservert for deg."),
        Code.ORDER_CHANGED: translate(
            "handout", "Ordinasjonen er endret etter at dagen ble reservert; se på dosen på nytt."
        ),
        Code.NOT_PULLED: translate(
            "handout", "Reservasjonen er ny, og listen er ikke hentet etter den."
        ),
        Code.CLOCK: translate("handout", "Maskinens klokke er ikke til å stole på nå."),
        Code.STORE_SET_BACK: translate(
            "handout", "Lageret er hentet fra en kopi, og reservasjonene gjelder ikke lenger."
        ),
    }[code]
    return f"{about} {_way_out(known)}"


def _way_out(known: Knowledge) -> str:
    if known.online:
        return translate("handout", "Trykk «Reserver nå».")
    return translate(
        "handout", "Ingen dekning nå: finn dekning og reserver. Haster det, finnes nødutdeling."
    )


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


_OF_A_CLAIM: dict[Code, Callable[[Claim | None, Slot, Knowledge], str]] = {
    Code.HELD_BY_OTHER: _held,
    Code.UNKNOWN_DAY: _unknown_day,
}
_FIGURED: dict[Code, Callable[[Finding, Slot, Knowledge], str]] = {
    Code.GIVEN: _given,
    Code.INTERVAL: _interval,
    Code.NOT_SERVED_NOW: _not_served,
    Code.OUTSIDE_WINDOW: _outside_window,
    Code.MISSED_TOO_LONG: _missed,
}
