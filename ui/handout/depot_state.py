"""A depot injection as the handout page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from fieldapp.domain.patients import Place
from fieldapp.services.depots import DepotDue
from ui.handout.form_state import InjectionSaid
from ui.handout.light import source_words
from ui.widgets.basics import Tone
from ui.words import clock_text, long_day

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class SiteView:
    """One place to inject. `resting` says why it is not its turn; empty when it is."""

    code: str
    words: str
    resting: str = ""


@dataclass(frozen=True, slots=True)
class DepotView:
    """What is known before the needle goes in. Every sentence carries its source.

    `texts` are all advice that applies: two of them at a gap between bands, never a choice between
    them. `home_warning` is about a drug that is watched for hours; empty for others.
    """

    number: str
    due: date
    window: str
    window_tone: Tone
    texts: tuple[str, ...]
    sites: tuple[SiteView, ...]
    sides: tuple[tuple[str, str], ...]
    last_site: str
    observation: str
    home_warning: str
    next_due: str
    legal_bases: tuple[tuple[str, str], ...] = ()


SIDES: tuple[tuple[str, object], ...] = (
    ("left", QT_TRANSLATE_NOOP("handout", "Venstre")),
    ("right", QT_TRANSLATE_NOOP("handout", "Høyre")),
)
LEGAL_BASES: tuple[tuple[str, object], ...] = (
    ("voluntary", QT_TRANSLATE_NOOP("handout", "Frivillig")),
    ("decision", QT_TRANSLATE_NOOP("handout", "Vedtak uten samtykke")),
)


def depot_view(
    due: DepotDue, said: InjectionSaid, sites: Mapping[str, str], today: date, now: datetime
) -> DepotView:
    """Put what is known of the next injection into words. `sites` are the words for the codes."""
    depot = due.depot
    codes = depot.sites.codes if depot is not None else tuple(sites)
    observation = depot.observation if depot is not None else None
    warning = depot.home_warning if depot is not None else None
    at_home = due.slot.request.place is Place.HOME
    window, tone = _window_words(due, today)
    return DepotView(
        number=translate("handout", "Injeksjon nr.\u00a0{n}").format(n=due.slot.occurrence or 1),
        due=due.due,
        window=window,
        window_tone=tone,
        texts=_late_texts(due),
        sites=tuple(
            SiteView(code, sites.get(code, code), _resting(due, code, said.side)) for code in codes
        ),
        sides=_words(SIDES),
        last_site=_last_site(due, sites),
        observation=""
        if observation is None
        else translate(
            "handout", "{text}. Blir pasienten observert fra nå: til kl.\u00a0{until}. {source}."
        ).format(
            text=observation.text,
            until=clock_text(now + timedelta(minutes=observation.minutes)),
            source=source_words(observation.source),
        ),
        home_warning=f"{warning.text}. {source_words(warning.source)}."
        if warning is not None and at_home
        else "",
        next_due=translate("handout", "Gis den i dag, er neste injeksjon {day}.").format(
            day=long_day(due.next_due_if_given)
        ),
        legal_bases=_words(LEGAL_BASES),
    )


def _window_words(due: DepotDue, today: date) -> tuple[str, Tone]:
    window = due.window
    span = translate("handout", "{first} til {last}").format(
        first=long_day(window.opens), last=long_day(window.closes)
    )
    days = (today - due.due).days
    tone: Tone = "neutral"
    if today < window.opens:
        said = translate("handout", "For tidlig. Forfall {due}; vinduet er {span}.")
        tone = "danger"
    elif today > window.closes:
        said = translate("handout", "For sent. Forfall var {due}; vinduet var {span}.")
        tone = "danger"
    elif days < 0:
        said = translate("handout", "Tidlig, innenfor vinduet. Forfall {due}; vinduet er {span}.")
    elif days > 0:
        said = translate("handout", "Sen, innenfor vinduet. Forfall var {due}; vinduet er {span}.")
        tone = "warn"
    else:
        said = translate("handout", "Forfall i dag, {due}; vinduet er {span}.")
    words = said.format(due=long_day(due.due), span=span)
    source = due.depot.window.source if due.depot is not None else None
    tail = f" {source_words(source)}." if source is not None else ""
    return f"{words} {due.window_text}.{tail}", tone


def _late_texts(due: DepotDue) -> tuple[str, ...]:
    """Every text of the label for today; at a gap both are said, and the prescriber chooses."""
    found = []
    for applies, band in due.late:
        text = f"{applies}: {band.text}" if applies else band.text
        found.append(f"{text}. {source_words(band.source)}.")
    if len(found) > 1:
        found.insert(
            0,
            translate(
                "handout",
                "Preparatomtalen har flere svar for i dag. Alle står her; rekvirenten avgjør.",
            ),
        )
    return tuple(found)


def _resting(due: DepotDue, code: str, side: str | None) -> str:
    """Why a site is not to be used yet. Without a side: only when both rest."""
    until = [
        day
        for (site, of), day in due.resting_sites.items()
        if site == code and (side is None or of == side)
    ]
    known_sides = {of for (site, of) in due.resting_sites if site == code}
    if not until or (side is None and len(known_sides) < len(SIDES)):
        return ""
    rule = due.depot.sites if due.depot is not None else None
    said = translate("handout", "Dette stedet hviler til {day}; velg et annet.").format(
        day=long_day(max(until))
    )
    return f"{said} {rule.text}. {source_words(rule.source)}." if rule is not None else said


def _last_site(due: DepotDue, sites: Mapping[str, str]) -> str:
    last = due.last.injection if due.last is not None else None
    if last is None or due.days_since_last is None:
        return translate("handout", "Ingen tidligere injeksjon er kjent her.")
    sides = dict(_words(SIDES))
    return translate("handout", "Sist: {site}, {side}, for {days} dager siden. Bytt sted.").format(
        site=sites.get(last.site, last.site).lower(),
        side=sides.get(last.side, last.side).lower(),
        days=due.days_since_last,
    )


def _words(pairs: tuple[tuple[str, object], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((code, translate("handout", str(words))) for code, words in pairs)
