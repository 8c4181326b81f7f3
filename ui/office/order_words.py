"""Orders at the office in words: what is wrong, what waits, who holds claims. Pure values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from fieldapp.domain.codec import BodyError, from_body
from fieldapp.domain.medication import MedicationRequest
from fieldapp.domain.orders import OrderProblem
from sync.client.office_messages import (
    EntryState,
    ImportOrdersAnswer,
    ImportProblem,
    LiveClaim,
    OrderAction,
    OrderEntryRow,
    OrderProblemRow,
    OrderRow,
    OrdersAnswer,
)
from ui.office.state import Fact, counted
from ui.sync.state import age, when
from ui.widgets import Row, RowTag, Tone
from ui.words import amount, day_text, dose_text, near_day, weekdays_text, word

translate = QCoreApplication.translate

_PROBLEMS: dict[str, object] = {
    "product_missing": QT_TRANSLATE_NOOP("orders", "Skriv hvilket legemiddel det er."),
    "prescriber_missing": QT_TRANSLATE_NOOP("orders", "Skriv hvem som har forskrevet."),
    "atc_missing": QT_TRANSLATE_NOOP(
        "orders", "ATC-koden mangler. Den avgjør hvilke legemidler som ikke kan gis samme dag."
    ),
    "atc_unreadable": QT_TRANSLATE_NOOP(
        "orders", "ATC-koden skal ha sju tegn, for eksempel N07BC02."
    ),
    "form_unknown": QT_TRANSLATE_NOOP(
        "orders", "Legemiddelformen er ikke kjent. Velg en fra listen."
    ),
    "strength_missing": QT_TRANSLATE_NOOP("orders", "Styrken mangler."),
    "strength_unreadable": QT_TRANSLATE_NOOP(
        "orders", "Styrken kan ikke leses. Skriv den som «8 mg», «8 mg/2 mg» eller «5 mg/ml»."
    ),
    "wrong_unit": QT_TRANSLATE_NOOP(
        "orders", "Feil enhet: «{0}». Doser skrives i mg, og styrken i mg eller mg/ml."
    ),
    "not_a_figure": QT_TRANSLATE_NOOP("orders", "«{0}» er ikke et tall."),
    "not_a_day": QT_TRANSLATE_NOOP("orders", "Skriv datoen som dd.mm.åååå."),
    "not_weekdays": QT_TRANSLATE_NOOP(
        "orders", "Ukedagene kan ikke leses. Skriv «daglig», «ma-fr» eller «1,3,5»."
    ),
    "not_a_place": QT_TRANSLATE_NOOP(
        "orders", "Stedet skal være hjemme, utleveringssted eller apotek."
    ),
    "dose_missing": QT_TRANSLATE_NOOP("orders", "Ordinasjonen har ingen dose."),
    "dose_not_positive": QT_TRANSLATE_NOOP("orders", "Dosen må være over null. Det står {0}."),
    "strength_does_not_divide": QT_TRANSLATE_NOOP(
        "orders",
        "{0} mg går ikke opp i denne styrken. Halve gis bare av former som kan deles.",
    ),
    "concentration_missing": QT_TRANSLATE_NOOP(
        "orders", "Styrken i mg per ml mangler, så ingen kan regne ut hvor mange mL dosen er."
    ),
    "concentration_not_positive": QT_TRANSLATE_NOOP(
        "orders", "Styrken i mg per ml må være over null. Det står {0}."
    ),
    "concentration_differs": QT_TRANSLATE_NOOP(
        "orders", "Styrken sier {0} mg per ml, men her står det noe annet."
    ),
    "concentration_of_solid": QT_TRANSLATE_NOOP(
        "orders", "Denne formen måles ikke i mL. La feltet stå tomt."
    ),
    "part_twice": QT_TRANSLATE_NOOP(
        "orders", "Det står to doser til samme del av samme dag. Slå dem sammen."
    ),
    "weekday_missing": QT_TRANSLATE_NOOP("orders", "Velg minst én ukedag."),
    "weekday_unknown": QT_TRANSLATE_NOOP("orders", "Ukedager har numrene 1 til 7."),
    "take_home_not_a_dose_day": QT_TRANSLATE_NOOP(
        "orders", "En dag med dose hjem må også være en ukedag med dose."
    ),
    "take_home_without_supervised": QT_TRANSLATE_NOOP(
        "orders",
        "Doser med hjem må ha en dag med overvåket dose foran seg. Den første dosen tas alltid "
        "under oppsyn.",
    ),
    "take_home_part_unknown": QT_TRANSLATE_NOOP(
        "orders",
        "Det som tas med hjem samme dag, må være en del av dagen som har en dose: «kveld» eller "
        "«kveld, natt».",
    ),
    "take_home_part_first": QT_TRANSLATE_NOOP(
        "orders",
        "Dagens første dose tas under observasjon. Bare senere doser samme dag kan tas med hjem.",
    ),
    "take_home_more_than_max": QT_TRANSLATE_NOOP(
        "orders", "{0} dager på rad med hjem er flere enn ordinasjonen tillater."
    ),
    "max_take_home_negative": QT_TRANSLATE_NOOP("orders", "Antallet dager kan ikke være negativt."),
    "valid_to_before_from": QT_TRANSLATE_NOOP(
        "orders", "Siste dag ligger før første dag ordinasjonen gjelder."
    ),
    "no_day_in_period": QT_TRANSLATE_NOOP(
        "orders", "Ingen av ukedagene faller mellom første og siste dag."
    ),
    "depot_doses": QT_TRANSLATE_NOOP("orders", "En depotinjeksjon har én dose."),
    "depot_take_home": QT_TRANSLATE_NOOP("orders", "En depotinjeksjon kan ikke tas med hjem."),
    "interval_missing": QT_TRANSLATE_NOOP("orders", "Skriv dager mellom injeksjonene."),
    "interval_not_positive": QT_TRANSLATE_NOOP(
        "orders", "Dager mellom injeksjonene må være over null. Det står {0}."
    ),
    "depot_unknown": QT_TRANSLATE_NOOP("orders", "Depotet finnes ikke i tabellen. Velg et annet."),
    "depot_not_scheduled": QT_TRANSLATE_NOOP(
        "orders", "{0} er korttidsvirkende og kan ikke være en fast ordinasjon."
    ),
    "depot_atc": QT_TRANSLATE_NOOP(
        "orders", "Depotet i tabellen har ATC-kode {0}. Er det riktig depot?"
    ),
    "depot_interval": QT_TRANSLATE_NOOP(
        "orders", "Uvanlig avstand mellom injeksjonene. Tabellen sier: {0}."
    ),
    "text_too_long": QT_TRANSLATE_NOOP("orders", "Teksten er for lang."),
    "parallel_order": QT_TRANSLATE_NOOP(
        "orders",
        "En annen ordinasjon av samme legemiddel eller gruppe gjelder de samme dagene: {0}. "
        "Skal begge gis?",
    ),
    "take_home_long": QT_TRANSLATE_NOOP(
        "orders", "Flere dager med hjem enn retningslinjens {0}. Kontroller med forskriveren."
    ),
    "begins_in_past": QT_TRANSLATE_NOOP(
        "orders", "Ordinasjonen begynner før i dag. Dager uten dose regnes som uteblitt."
    ),
    "already_over": QT_TRANSLATE_NOOP("orders", "Siste dag er allerede passert."),
    "depot_without_window": QT_TRANSLATE_NOOP(
        "orders", "Ingen tabell sier hvor tidlig eller sent dette depotet kan gis."
    ),
    "patient_missing": QT_TRANSLATE_NOOP("orders", "Fødselsnummeret mangler."),
    "patient_unknown": QT_TRANSLATE_NOOP(
        "orders", "Ingen pasient du kan føre ordinasjoner for, har dette nummeret."
    ),
    "patient_twice": QT_TRANSLATE_NOOP(
        "orders", "Flere pasienter har dette nummeret. Slå dem sammen under Dubletter først."
    ),
    "already_there": QT_TRANSLATE_NOOP(
        "orders", "Den samme ordinasjonen gjelder eller venter allerede."
    ),
    "too_few_columns": QT_TRANSLATE_NOOP("orders", "Raden har for få kolonner ({0})."),
    "too_many_columns": QT_TRANSLATE_NOOP("orders", "Raden har for mange kolonner ({0})."),
    "truncated_last_row": QT_TRANSLATE_NOOP("orders", "Siste rad er kuttet."),
}

_FILES: dict[str, object] = {
    "empty": QT_TRANSLATE_NOOP("orders", "Filen er tom."),
    "not_text": QT_TRANSLATE_NOOP(
        "orders", "Filen er ikke tekst. Lagre listen som CSV og prøv igjen."
    ),
    "encoding": QT_TRANSLATE_NOOP(
        "orders", "Tegnene i filen kan ikke leses. Lagre den som CSV UTF-8 og prøv igjen."
    ),
    "no_rows": QT_TRANSLATE_NOOP("orders", "Filen har overskrifter, men ingen rader."),
    "unterminated_quote": QT_TRANSLATE_NOOP(
        "orders", "Filen slutter midt i et felt. Den er trolig kuttet; hent den på nytt."
    ),
    "bad_quoting": QT_TRANSLATE_NOOP("orders", "Anførselstegn står feil i filen, rad {0}."),
    "columns_missing": QT_TRANSLATE_NOOP("orders", "Filen mangler kolonner: {0}."),
    "too_many_rows": QT_TRANSLATE_NOOP(
        "orders", "Filen har mer enn {0} rader. Del den i flere filer."
    ),
}

_COLUMNS: dict[str, object] = {
    "patient": QT_TRANSLATE_NOOP("orders", "Fødselsnummer"),
    "product": QT_TRANSLATE_NOOP("orders", "Legemiddel"),
    "atc": QT_TRANSLATE_NOOP("orders", "ATC"),
    "form": QT_TRANSLATE_NOOP("orders", "Form"),
    "strength": QT_TRANSLATE_NOOP("orders", "Styrke"),
    "place": QT_TRANSLATE_NOOP("orders", "Sted"),
    "valid_from": QT_TRANSLATE_NOOP("orders", "Gjelder fra"),
    "prescriber": QT_TRANSLATE_NOOP("orders", "Forskriver"),
}

_ACTIONS: dict[OrderAction, object] = {
    OrderAction.ENTER: QT_TRANSLATE_NOOP("orders", "Ny ordinasjon"),
    OrderAction.CHANGE: QT_TRANSLATE_NOOP("orders", "Endring"),
    OrderAction.RESUME: QT_TRANSLATE_NOOP("orders", "Ta av vent"),
    OrderAction.REASSESS: QT_TRANSLATE_NOOP("orders", "Vurdert på nytt"),
    OrderAction.STOP: QT_TRANSLATE_NOOP("orders", "Stanset"),
    OrderAction.HOLD: QT_TRANSLATE_NOOP("orders", "Satt på vent"),
    OrderAction.PLACE: QT_TRANSLATE_NOOP("orders", "Nytt sted"),
}

_STATES: dict[EntryState, object] = {
    EntryState.WAITING: QT_TRANSLATE_NOOP("orders", "venter på godkjenning"),
    EntryState.CONFIRMED: QT_TRANSLATE_NOOP("orders", "godkjent av {0}"),
    EntryState.DECLINED: QT_TRANSLATE_NOOP("orders", "ikke godkjent, av {0}"),
    EntryState.DONE: QT_TRANSLATE_NOOP("orders", "gjort av {0}"),
}


def problem_text(problem: OrderProblem | OrderProblemRow) -> str:
    """Say what is wrong with an order."""
    return _sentence(str(getattr(problem.code, "value", problem.code)), problem.detail)


def _sentence(code: str, detail: str) -> str:
    text = _PROBLEMS.get(code)
    return translate("orders", str(text)).format(detail) if text is not None else code


def warning_lines(problems: Iterable[OrderProblemRow]) -> str:
    """What both persons must have seen, one sentence a line."""
    return "\n".join(problem_text(problem) for problem in problems if problem.warning)


def action_word(action: OrderAction) -> str:
    return translate("orders", str(_ACTIONS[action]))


def file_problem_text(answer: ImportOrdersAnswer) -> str:
    """Say why a file as a whole cannot be taken in."""
    detail = answer.file_detail
    if answer.file_problem == "columns_missing":
        names = (_COLUMNS.get(name) for name in detail.split(","))
        detail = ", ".join(translate("orders", str(name)) for name in names if name is not None)
    text = _FILES.get(answer.file_problem)
    said = translate("orders", str(text)).format(detail) if text else answer.file_problem
    return translate("orders", "{0} Ingenting er lest inn.").format(said)


# --- who holds claims


def claim_line(claim: LiveClaim, today: date) -> str:
    """ "Kari Moe, tlf. 900 11 222 · Feltbærbar 3 · i dag, i morgen"."""
    who = claim.holder_name or translate("orders", "ukjent ansatt")
    phone = claim.holder_phone or translate("orders", "telefon ikke oppgitt")
    units = ", ".join(_unit(unit, today) for unit in claim.units)
    device = claim.device_name or translate("orders", "laptop uten navn")
    return translate("orders", "{0}, tlf. {1} · {2} · {3}").format(who, phone, device, units)


def claims_text(claims: Sequence[LiveClaim], today: date, *, changed: bool = False) -> str:
    """Who must be rung, empty for nobody. `changed`: their laptop does not know yet."""
    if not claims:
        return ""
    head = translate("orders", "Tatt med på tur. Endres ordinasjonen, må disse ringes:")
    if changed:
        head = translate(
            "orders",
            "Ring nå. Dagene er tatt med på tur, og laptopen vet ikke om endringen før den synker:",
        )
    return "\n".join((head, *(claim_line(claim, today) for claim in claims)))


def _unit(unit: str, today: date) -> str:
    if unit.startswith("#"):
        return translate("orders", "injeksjon nr. {0}").format(unit[1:])
    try:
        return near_day(date.fromisoformat(unit), today)
    except ValueError:
        return unit


# --- rows and facts


def read_body(body: Mapping[str, object]) -> MedicationRequest | None:
    """Return an order, None for one that a newer program wrote."""
    try:
        return from_body(MedicationRequest, body)
    except BodyError:
        return None


def doses_text(order: MedicationRequest) -> str:
    """Every dose with its part of the day and its millilitres."""
    said = ", ".join(
        f"{word(dose.part).lower()} {dose_text(dose.dose_mg, order.volume_ml(dose.dose_mg))}"
        + (translate("orders", " (med hjem)") if dose.take_home else "")
        for dose in order.doses
    )
    return said[:1].upper() + said[1:]


def order_row(row: OrderRow, today: date) -> Row:
    """An order in the list: whose, what, and what stands out."""
    order = read_body(row.body)
    product = str(row.body.get("product", ""))
    tags: list[RowTag] = []
    if row.live_claims:
        tags.append(RowTag(translate("orders", "Tatt med"), "warn", "phone"))
    if row.waiting is not None:
        tags.append(RowTag(translate("orders", "Endring venter"), "accent", "clock"))
    if order is not None:
        status = status_tag(order, today)
        if status.tone != "ok":  # what is as it should be needs no mark
            tags.append(status)
    detail = product if order is None else f"{product} · {doses_text(order)}"
    return Row(
        id=row.id,
        title=row.patient_name or translate("orders", "Pasient uten navn"),
        detail=detail,
        icon="pill",
        tags=tuple(tags),
    )


def status_tag(order: MedicationRequest, today: date) -> RowTag:
    """How an order stands today."""
    if order.stopped_on is not None and order.stopped_on <= today:
        return RowTag(translate("orders", "Stanset"), "danger", "circle-slash")
    if order.valid_to is not None and order.valid_to < today:
        return RowTag(translate("orders", "Avsluttet"), "neutral", "check")
    if order.on_hold:
        return RowTag(translate("orders", "På vent"), "danger", "pause")
    if order.stopped_on is not None:
        return RowTag(
            translate("orders", "Stanses {0}").format(day_text(order.stopped_on)), "warn", "clock"
        )
    if order.valid_from > today:
        return RowTag(translate("orders", "Ikke begynt"), "neutral", "clock")
    return RowTag(translate("orders", "Gjelder"), "ok", "check")


def entry_row(row: OrderEntryRow, now: datetime) -> Row:
    """What waits: whose, what, and who entered it."""
    tone: Tone = "accent" if row.can_confirm else "neutral"
    tags = [RowTag(action_word(row.action), tone)]
    if any(problem.warning for problem in row.problems):
        tags.insert(0, RowTag(translate("orders", "Varsel"), "warn", "triangle-alert"))
    by = translate("orders", "ført av deg") if row.own else row.entered_by_name
    return Row(
        id=row.id,
        title=row.patient_name,
        detail=" · ".join((by, age(row.entered_at, now), str(row.body.get("product", "")))),
        icon="clipboard-check",
        icon_tone=tone,
        tags=tuple(tags),
    )


def order_facts(order: MedicationRequest, names: tuple[str, str] = ("", "")) -> tuple[Fact, ...]:
    """Everything that an order says. `names`: who entered and who confirmed it."""
    strength = order.strength
    if order.concentration_mg_per_ml is not None and "ml" not in strength.casefold():
        strength = f"{strength} ({amount(order.concentration_mg_per_ml)} mg/mL)"
    facts = [
        Fact(translate("orders", "Legemiddel"), f"{order.product} ({order.atc})"),
        Fact(translate("orders", "Form og styrke"), f"{order.form}, {strength}"),
        Fact(translate("orders", "Dose"), doses_text(order) or translate("orders", "ingen")),
        Fact(translate("orders", "Når"), _when_text(order)),
    ]
    if order.take_home_weekdays:
        home = translate("orders", "{0}, høyst {1} dager om gangen").format(
            weekdays_text(order.take_home_weekdays), order.max_take_home_days
        )
        facts.append(Fact(translate("orders", "Med hjem"), home))
    last = day_text(order.valid_to) if order.valid_to is not None else ""
    valid = translate("orders", "fra {0}").format(day_text(order.valid_from))
    if last:
        valid = translate("orders", "{0} til {1}").format(valid, last)
    facts += [
        Fact(translate("orders", "Sted"), word(order.place)),
        Fact(translate("orders", "Gjelder"), valid),
        Fact(translate("orders", "Forskriver"), order.prescriber),
        Fact(
            translate("orders", "Kilde"),
            order.source or translate("orders", "ikke oppgitt"),
            "" if order.source else "warn",
        ),
    ]
    if order.reassessed_on is not None:
        facts.append(Fact(translate("orders", "Vurdert på nytt"), day_text(order.reassessed_on)))
    entered, confirmed = names
    if entered:
        facts.append(Fact(translate("orders", "Ført av"), entered))
    if confirmed:
        facts.append(Fact(translate("orders", "Godkjent av"), confirmed))
    return tuple(facts)


def _when_text(order: MedicationRequest) -> str:
    if order.interval_days is not None:
        return translate("orders", "hver {0}. dag (depot)").format(order.interval_days)
    return weekdays_text(order.weekdays)


def history_row(row: OrderEntryRow, now: datetime) -> Row:
    """One act of an order's history."""
    by = translate("orders", "ført av {0} {1}").format(
        row.entered_by_name, when(row.entered_at, now)
    )
    state = translate("orders", str(_STATES[row.state])).format(row.settled_by_name)
    parts = [by] if row.state is EntryState.DONE else [by, state]
    if row.told:
        parts.append(translate("orders", "varslet: {0}").format(row.told))
    parts += [words for words in (row.reason, row.words) if words]
    return Row(row.id, action_word(row.action), " · ".join(parts), "history")


def freshness(answer: OrdersAnswer, now: datetime) -> str:
    """When the list was last entered, confirmed and fetched, and where it comes from."""
    parts = [
        translate("orders", "Sist ført {0}").format(when(answer.last_entered_at, now)),
        translate("orders", "sist godkjent {0}").format(when(answer.last_confirmed_at, now)),
        translate("orders", "hentet {0}").format(when(answer.server_time, now)),
    ]
    if answer.last_source:
        parts.append(translate("orders", "nyeste kilde: {0}").format(answer.last_source))
    return " · ".join(parts)


def import_rows(answer: ImportOrdersAnswer) -> list[Row]:
    """What is wrong in a file, row by row; errors come first."""
    return [_import_row(number, problem) for number, problem in enumerate(answer.problems)]


def _import_row(number: int, problem: ImportProblem) -> Row:
    where = translate("orders", "Rad {0}").format(problem.number)
    if problem.column:
        where = f"{where}, {problem.column}"
    return Row(
        str(number),
        f"{where}: {_sentence(problem.code, problem.hint)}",
        translate("orders", "Varsel") if problem.warning else "",
        "triangle-alert" if problem.warning else "circle-alert",
        "warn" if problem.warning else "danger",
    )


def import_summary(answer: ImportOrdersAnswer) -> str:
    """How many rows would wait, and how many cannot."""
    bad = len({problem.number for problem in answer.problems if not problem.warning})
    if bad:
        rows = counted(
            bad, translate("orders", "rad med feil"), translate("orders", "rader med feil")
        )
        return translate(
            "orders", "{0}. Rett i filen og velg den på nytt; ingenting er lest inn."
        ).format(rows)
    return translate("orders", "{0} kan legges til godkjenning. Ingenting er lagret ennå.").format(
        orders_text(len(answer.rows))
    )


def orders_text(count: int) -> str:
    return counted(count, translate("orders", "ordinasjon"), translate("orders", "ordinasjoner"))
