"""The office in words: rows, facts and marks made of what the server answers. Pure values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from PySide6.QtCore import QCoreApplication

from fieldapp.domain.patients import Role
from fieldapp.domain.rights import Right, may
from sync.client.office_messages import (
    ORDER_CHANGED,
    WITHOUT_RIGHT,
    ClosingPoint,
    DeviceOrderKind,
    DuplicatePair,
    FlaggedRow,
    IssueRow,
    LaptopRow,
    OverviewAnswer,
    ParkedRow,
    PatientName,
    PatientRow,
    PersonRow,
    ProposalRow,
    RecoveredDraft,
)
from ui.office.reasons import duplicate_text, point_text
from ui.sync.issue_dialog import issue_title
from ui.sync.state import age, when
from ui.widgets import Row, RowTag, Tone
from ui.words import day_text, kind_word, masked_id, word

translate = QCoreApplication.translate

CLOCK_OFF = timedelta(minutes=5)
"""From here on a clock can put a visit or a handout in the wrong order for those who read it."""

SILENT = timedelta(days=4)
"""A long weekend without coverage is no reason to worry; more is asked about."""

FACT_LATE = timedelta(days=1)
"""Counts that are older say what was, and are named so."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a card: what, and how it stands."""

    label: str
    value: str
    tone: str = ""
    """A role of `Text` ("warn", "error", "muted"), or nothing."""


# --- who may see what

SECTIONS: tuple[tuple[str, Right], ...] = (
    ("overview", Right.SEE_OVERVIEW),
    ("parked", Right.TAKE_OVER),
    ("patients", Right.ASSIGN),
    ("duplicates", Right.JOIN_PATIENTS),
    ("proposals", Right.DECIDE_PROPOSALS),
    ("safety", Right.ANSWER_ISSUES),
    ("orders", Right.ENTER_ORDERS),
    ("orders", Right.CONFIRM_ORDERS),
    ("wrong", Right.DECIDE_DELETION),
    ("log", Right.READ_ACCESS_LOG),
    ("openings", Right.REVIEW_ACCESS),
    ("courier", Right.RECEIVE_COURIER),
    ("drafts", Right.READ_DRAFTS_OF_OTHERS),
    ("people", Right.MANAGE_PEOPLE),
    ("rules", Right.SEE_OVERVIEW),
)
"""The parts of the page in order, and the right that each needs; named twice, either opens it."""


def sections(role: Role | str) -> tuple[str, ...]:
    """The parts of the office that a role may see; none: the office is not shown at all."""
    return tuple(dict.fromkeys(name for name, right in SECTIONS if may(role, right)))


# --- the overview


def row_key(row: LaptopRow) -> str:
    """One person on one laptop."""
    return f"{row.user_id}/{row.device_id or ''}"


def laptop_name(row: LaptopRow) -> str:
    if row.device_id is None:
        return translate("office", "ingen laptop")
    return row.device_name or translate("office", "laptop uten navn")


def role_word(code: str) -> str:
    """The word for a role; one of a newer version is shown as it is."""
    try:
        return word(Role(code))
    except ValueError:
        return code


def laptop_row(row: LaptopRow, now: datetime, newest: str, *, shared: bool = False) -> Row:
    """Who, on which laptop, when it was last whole, and what wants somebody's attention; `shared`
    where other people have stores on the same laptop."""
    detail = [role_word(row.role), laptop_name(row)]
    if row.device_id is not None:
        # First, as the end of the line is what a narrow window leaves out.
        detail.insert(0, synced_text(row, now))
    if shared:
        detail.append(translate("office", "delt maskin"))
    tags = marks(row, now, newest)
    tone = "neutral" if not tags else tags[0].tone
    return Row(
        id=row_key(row),
        title=row.name,
        detail=" · ".join(detail),
        icon="user" if row.device_id is None else "monitor",
        icon_tone=tone,
        tags=tags,
    )


def served_since(row: LaptopRow) -> bool:
    """True when everything was sent to the laptop and it has not yet said that it came whole."""
    if row.last_served is None:
        return False
    return row.last_complete is None or row.last_served > row.last_complete


def synced_text(row: LaptopRow, now: datetime) -> str:
    """When the laptop was last whole. What it has not confirmed is not called synced."""
    if served_since(row):
        return translate("office", "hentet alt {0}").format(when(row.last_served, now))
    return translate("office", "synket {0}").format(when(row.last_complete, now))


def marks(row: LaptopRow, now: datetime, newest: str) -> tuple[RowTag, ...]:
    """What stands out, the gravest first; what a laptop that is shut out holds is still told."""
    found = [tag for holds, tag in _possible_marks(row, now, newest) if holds]
    if not found and row.reported_at is not None:
        found.append(RowTag(translate("office", "Alt sendt"), "ok", "check"))
    return tuple(found)


def _possible_marks(row: LaptopRow, now: datetime, newest: str) -> list[tuple[bool, RowTag]]:
    """Every mark with whether it holds, the gravest first."""
    stopped = max(row.parked or 0, row.parked_here)
    conflicts = counted(
        row.conflicts or 0, translate("office", "konflikt"), translate("office", "konflikter")
    )
    waiting = translate("office", "{0} usendt").format(row.waiting)
    drafts = translate("office", "{0} utkast").format(row.drafts_unsent)
    parked = translate("office", "{0} stoppet").format(stopped)
    return [
        (row.revoked, RowTag(translate("office", "Tilbaketrukket"), "neutral", "lock")),
        (not row.user_active, RowTag(translate("office", "Konto stengt"), "neutral", "lock")),
        (row.forked, RowTag(translate("office", "To kopier"), "danger", "circle-alert")),
        (row.visits_since > 0, RowTag(visits_text(row.visits_since), "warn", "house")),
        (stopped > 0, RowTag(parked, "danger", "circle-alert")),
        (bool(row.conflicts), RowTag(conflicts, "danger", "circle-alert")),
        (bool(row.waiting), RowTag(waiting, "warn", "cloud-upload")),
        (bool(row.drafts_unsent), RowTag(drafts, "warn", "square-pen")),
        (row.log_forked, RowTag(translate("office", "Logg avviker"), "danger", "circle-alert")),
        (
            row.register_broken,
            RowTag(translate("office", "Regnskap avviker"), "danger", "circle-alert"),
        ),
        (clock_is_off(row), RowTag(translate("office", "Klokken"), "warn", "clock")),
        (is_silent(row, now), RowTag(translate("office", "Lenge siden"), "warn", "history")),
        (
            version_is_old(row, newest),
            RowTag(translate("office", "Gammel versjon"), "warn", "package"),
        ),
        (
            row.disk_encrypted is False,
            RowTag(translate("office", "Disk ukryptert"), "danger", "shield-alert"),
        ),
    ]


def beside(row: LaptopRow, rows: Iterable[LaptopRow]) -> list[LaptopRow]:
    """The other people's stores on the same laptop, by name."""
    if not row.machine_id:
        return []
    found = [
        other
        for other in rows
        if other.machine_id == row.machine_id and other.device_id != row.device_id
    ]
    return sorted(found, key=lambda other: other.name)


def laptop_facts(
    row: LaptopRow, now: datetime, newest: str, others: Sequence[LaptopRow] = ()
) -> tuple[Fact, ...]:
    """Everything that is known of a laptop, as last heard of; `others` share the machine."""
    if row.device_id is None:
        return (Fact(translate("office", "Laptop"), translate("office", "har ingen ennå")),)
    late = bool(row.visits_since) or is_silent(row, now)
    complete = when(row.last_complete, now)
    if row.visits_since:
        complete = translate("office", "{0}, {1} siden").format(
            complete, visits_text(row.visits_since)
        )
    facts = [
        Fact(translate("office", "Sist fullført synk"), complete, "warn" if late else ""),
    ]
    if served_since(row):
        served = translate("office", "{0}, ikke bekreftet ennå").format(when(row.last_served, now))
        facts.append(Fact(translate("office", "Hentet alt"), served))
    facts.append(
        Fact(translate("office", "Sist i kontakt"), when(row.last_contact, now)),
    )
    facts.extend(_counts(row, now))
    facts.append(
        Fact(
            translate("office", "Versjon"),
            version_text(row, newest),
            "warn" if version_is_old(row, newest) else "",
        )
    )
    facts.append(
        Fact(
            translate("office", "Klokkeavvik"), clock_text(row), "warn" if clock_is_off(row) else ""
        )
    )
    facts.append(_disk(row))
    if others:
        names = ", ".join(other.name for other in others)
        facts.append(Fact(translate("office", "På samme maskin"), names))
    return tuple(facts)


def laptop_warnings(row: LaptopRow) -> tuple[str, ...]:
    """Sentences about what a count cannot say."""
    found = []
    if row.order is not None:
        found.append(order_text(row))
    elif row.revoked:
        found.append(
            translate("office", "Laptopen er meldt tilbaketrukket og slipper ikke inn mer.")
        )
    if row.forked:
        found.append(
            translate(
                "office",
                "To maskiner har sendt som denne laptopen, for eksempel etter gjenoppretting fra "
                "en kopi. Alt er tatt vare på. Sett opp laptopen på nytt.",
            )
        )
    if row.register_broken:
        found.append(
            translate(
                "office",
                "Linjene i narkotikaregnskapet herfra henger ikke sammen: en linje mangler eller "
                "er endret. Alt er tatt vare på. Tell skap og veske, og meld avvik.",
            )
        )
    if row.log_forked:
        found.append(
            translate(
                "office",
                "Innsynsloggen henger ikke sammen med det som kom før. Begge deler er tatt vare "
                "på. Meld fra til personvernombudet.",
            )
        )
    if row.disk_encrypted is False:
        found.append(translate("office", "Disken på laptopen er ikke kryptert."))
    return tuple(found)


def order_text(row: LaptopRow) -> str:
    """What the laptop was ordered to do, and whether it has."""
    if row.order is DeviceOrderKind.LOST:
        if row.order_obeyed_at is not None:
            return translate("office", "Meldt tapt. Laptopen har slettet alt.")
        if row.order_asked_at is not None:
            return translate("office", "Meldt tapt. Laptopen har fått ordren om å slette alt.")
        return translate("office", "Meldt tapt. Laptopen har ikke vært på nett siden.")
    if row.order_obeyed_at is not None:
        return translate("office", "Avsluttet. Alt er sendt, og laptopen har slettet alt.")
    if row.order_delivered_at is not None:
        return translate("office", "Avsluttet. Laptopen sender det den har.")
    if row.order_asked_at is not None:
        return translate("office", "Avsluttet. Laptopen har fått ordren, men har ikke sendt ennå.")
    return translate("office", "Avsluttet. Laptopen har ikke vært på nett siden.")


def _counts(row: LaptopRow, now: datetime) -> list[Fact]:
    here = translate("office", "{0} hos kontoret").format(row.parked_here)
    if row.reported_at is None:
        unknown = translate("office", "ukjent, har aldri meldt fra")
        stopped = here if row.parked_here else "0"
        return [
            Fact(translate("office", "Usendt"), unknown, "warn"),
            Fact(translate("office", "Stoppet"), stopped, "error" if row.parked_here else ""),
        ]
    late = now - row.reported_at >= FACT_LATE
    told = ago(row.reported_at, now)
    return [
        _count(translate("office", "Usendt"), row.waiting, "warn"),
        _two_places(
            translate("office", "Stoppet"), row.parked, row.parked_here, here, "error", heavy=True
        ),
        _count(translate("office", "Konflikter"), row.conflicts, "error"),
        _two_places(
            translate("office", "Utkast"),
            row.drafts_unsent,
            row.drafts_here,
            translate("office", "{0} hos serveren").format(row.drafts_here),
            "warn",
        ),
        Fact(translate("office", "Tallene er fra"), told, "warn" if late else ""),
    ]


def _count(label: str, count: int | None, tone: str) -> Fact:
    if count is None:
        return Fact(label, translate("office", "ukjent"))
    return Fact(label, str(count), tone if count else "")


def _two_places(
    label: str, there: int | None, here: int, here_words: str, tone: str, *, heavy: bool = False
) -> Fact:
    """What lies on the laptop and what lies here; `heavy`: those here want attention, too."""
    if not there and not here:
        return _count(label, there, tone)
    laptop = translate("office", "{0} på laptopen").format(there or 0)
    return Fact(label, f"{laptop}, {here_words}", tone if there or (heavy and here) else "")


def _disk(row: LaptopRow) -> Fact:
    label = translate("office", "Disk")
    if row.disk_encrypted is None:
        return Fact(label, translate("office", "ikke meldt"))
    if row.disk_encrypted:
        return Fact(label, translate("office", "kryptert"))
    return Fact(label, translate("office", "ikke kryptert"), "error")


def visits_text(count: int) -> str:
    return translate("office", "{0} besøk").format(count)


def clock_is_off(row: LaptopRow) -> bool:
    return abs(row.clock_offset_ms or 0) >= CLOCK_OFF / timedelta(milliseconds=1)


def clock_text(row: LaptopRow) -> str:
    """How far the laptop's clock is from the server's: "går 12 min etter"."""
    offset = row.clock_offset_ms
    if offset is None:
        return translate("office", "ikke målt")
    seconds = round(abs(offset) / 1000)
    if seconds < 60:
        return translate("office", "stemmer")
    if seconds < 3600:
        long = translate("office", "{0} min").format(seconds // 60)
    elif seconds < 48 * 3600:
        long = translate("office", "{0} t").format(seconds // 3600)
    else:
        long = translate("office", "{0} døgn").format(seconds // 86400)
    if offset > 0:
        return translate("office", "går {0} etter").format(long)
    return translate("office", "går {0} foran").format(long)


def is_silent(row: LaptopRow, now: datetime) -> bool:
    """True for a laptop in use that has not synced for days."""
    if row.device_id is None or row.revoked or not row.user_active:
        return False
    since = row.last_served if served_since(row) else row.last_complete
    since = since or row.enrolled_at
    return since is not None and now - since >= SILENT


def version_is_old(row: LaptopRow, newest: str) -> bool:
    return bool(row.app_version) and _order(row.app_version) < _order(newest)


def version_text(row: LaptopRow, newest: str) -> str:
    if not row.app_version:
        return translate("office", "ikke meldt")
    if version_is_old(row, newest):
        return translate("office", "{0}, nyeste i bruk er {1}").format(row.app_version, newest)
    return row.app_version


def newest_version(rows: Iterable[LaptopRow]) -> str:
    """The newest version that any laptop has reported; empty when none has."""
    return max((row.app_version for row in rows if row.app_version), key=_order, default="")


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def overview_line(answer: OverviewAnswer) -> str:
    """The whole team in one line."""
    laptops = [row for row in answer.rows if row.device_id is not None and not row.revoked]
    late = sum(1 for row in laptops if row.visits_since)
    parts = [counted(len(laptops), translate("office", "laptop"), translate("office", "laptoper"))]
    if late:
        parts.append(translate("office", "{0} med besøk siden siste synk").format(late))
    return " · ".join(parts)


def issue_row(row: IssueRow, now: datetime) -> Row:
    """A danger that somebody must look at: whose, what, and who wrote it."""
    parts = [issue_title(row.code), ago(row.raised_at, now)]
    if row.involved:
        parts.append(translate("office", "ført av {0}").format(", ".join(row.involved)))
    return Row(
        id=row.id,
        title=row.patient_name,
        detail=" · ".join(parts),
        icon="shield-alert",
        icon_tone="danger",
    )


def ago(moment: datetime, now: datetime) -> str:
    if now - moment < timedelta(minutes=1):
        return translate("office", "akkurat nå")
    return translate("office", "for {0} siden").format(age(moment, now))


def counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


# --- what was stopped, and proposals


def parked_key(row: ParkedRow) -> str:
    """One change of one laptop: two laptops may have sent the same change."""
    return f"{row.device_id}/{row.change_id}"


def parked_row(row: ParkedRow, now: datetime) -> Row:
    tag = RowTag(translate("office", "Stoppet"), "danger", "circle-alert")
    if row.outcome == "conflict":
        tag = RowTag(translate("office", "Konflikt"), "warn", "triangle-alert")
    wants_help = RowTag(translate("office", "Vil ha hjelp"), "accent", "user")
    return Row(
        id=parked_key(row),
        title=row.patient_name or translate("office", "Hele teamet"),
        detail=" · ".join((row.user_name, age(row.at, now), kind_word(row.kind))),
        icon="file-text",
        tags=(wants_help, tag) if row.wants_help else (tag,),
    )


def flagged_row(row: FlaggedRow, now: datetime) -> Row:
    """What was stored although something had changed: whose, why, and who delivered it."""
    why = translate("office", "Pasienten var ikke lenger tildelt")
    if row.reason == ORDER_CHANGED:
        why = translate("office", "Ordinasjonen var endret eller stoppet")
    elif row.reason == WITHOUT_RIGHT:
        why = translate("office", "Ført av en rolle som ikke har rett til det")
    parts = (kind_word(row.kind), row.user_name, row.device_name, when(row.at, now))
    return Row(
        id=f"{row.kind}/{row.id}/{row.reason}",
        title=f"{row.patient_name or row.patient_id or ''} · {why}",
        detail=" · ".join(part for part in parts if part),
    )


def side_text(title: str, who: str, moment: datetime | None, device: str, now: datetime) -> str:
    """The head of one of two sides: what it is, and below who, when and on which laptop."""
    known = (who, when(moment, now) if moment is not None else "", device)
    return "\n".join(part for part in (title, " · ".join(filter(None, known))) if part)


def proposal_row(row: ProposalRow, now: datetime) -> Row:
    return Row(
        id=row.id,
        title=row.patient_name,
        detail=" · ".join((row.author_name, age(row.proposed_at, now), kind_word(row.target_kind))),
        icon="square-pen",
    )


def draft_row(number: str, draft: RecoveredDraft, now: datetime) -> Row:
    return Row(
        id=number,
        title=draft.patient_name,
        detail=" · ".join((kind_word(draft.draft.form), age(draft.received_at, now))),
        icon="square-pen",
    )


# --- patients


def who_text(patient: PatientName) -> str:
    """What tells a patient from another in one line, with the number hidden in part."""
    parts = []
    if patient.birth_date is not None:
        parts.append(translate("office", "født {0}").format(day_text(patient.birth_date)))
    if patient.temporary_number:
        parts.append(patient.temporary_number)
    elif patient.national_id:
        parts.append(masked_id(patient.national_id))
    return " · ".join(parts)


def patient_row(row: PatientRow) -> Row:
    """A patient and who follows; nobody is said aloud."""
    tags: tuple[RowTag, ...] = ()
    if not row.followers and row.active:
        tags = (RowTag(translate("office", "Ingen følger"), "warn", "triangle-alert"),)
    elif not row.active:
        tags = (RowTag(translate("office", "Avsluttet")),)
    names = ", ".join(follower.name for follower in row.followers)
    detail = " · ".join(part for part in (who_text(row.patient), names) if part)
    return Row(id=row.patient.id, title=row.patient.name, detail=detail, icon="user", tags=tags)


def person_text(person: PersonRow) -> str:
    """A member of staff in a list to choose from."""
    return translate("office", "{0} · {1} · {2} pasienter").format(
        person.name, role_word(person.role), person.patients
    )


def page_text(page: int, page_size: int, shown: int, total: int) -> str:
    """Which part of a long list is shown: "1-50 av 312"."""
    if not total:
        return ""
    first = page * page_size + 1
    return translate("office", "{0}\u2013{1} av {2}").format(first, first + shown - 1, total)


def duplicate_row(number: int, pair: DuplicatePair) -> Row:
    return Row(
        id=str(number),
        title=pair.first.name,
        detail=" · ".join((duplicate_text(pair.reason), pair.second.name)),
        icon="users",
    )


def duplicate_fields(pair: DuplicatePair) -> tuple[tuple[str, str, str], ...]:
    """Label and both values of the fields in which two patients differ; the names stand above."""
    rows = (
        (translate("office", "Fødselsdato"), _birth(pair.first), _birth(pair.second)),
        (
            translate("office", "Fødselsnummer"),
            pair.first.national_id or _empty(),
            pair.second.national_id or _empty(),
        ),
        (
            translate("office", "Midlertidig nummer"),
            pair.first.temporary_number or _empty(),
            pair.second.temporary_number or _empty(),
        ),
    )
    return tuple(row for row in rows if row[1] != row[2])


def _birth(patient: PatientName) -> str:
    return day_text(patient.birth_date) if patient.birth_date is not None else _empty()


def _empty() -> str:
    return translate("office", "tomt")


# --- closing


def closing_rows(points: Sequence[ClosingPoint]) -> tuple[Row, ...]:
    """The checklist before something is closed for good."""
    return tuple(
        Row(
            id=f"{number}",
            title=point_text(point.code, point.count),
            icon=_closing_icon(point),
            icon_tone=_closing_tone(point),
        )
        for number, point in enumerate(points)
    )


def _closing_icon(point: ClosingPoint) -> str:
    if point.blocking:
        return "circle-alert"
    return "circle-check" if point.code == "nothing_known" else "info"


def _closing_tone(point: ClosingPoint) -> Tone:
    if point.blocking:
        return "danger"
    return "ok" if point.code == "nothing_known" else "warn"


def is_confirmed(typed: str, wanted: str) -> bool:
    """True when the words typed are the ones asked for; spaces and capitals do not matter."""
    return " ".join(typed.split()).casefold() == " ".join(wanted.split()).casefold() != ""


# --- courier


@dataclass(frozen=True, slots=True)
class CourierCounts:
    """What became of the changes in a courier file."""

    received: int
    known: int
    review: int


def courier_text(counts: CourierCounts) -> str:
    """The result in one line."""
    return translate("office", "{0} mottatt · {1} fra før · {2} til gjennomgang").format(
        counts.received, counts.known, counts.review
    )
