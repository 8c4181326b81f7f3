"""A small team's day in a real encrypted store, for tests and pictures of the screens.

Monday 23 November 2026, 09:40 in Oslo. All persons are made up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from fieldapp.clock import OSLO, FixedClock
from fieldapp.domain.codec import to_body
from fieldapp.domain.identifiers import synthetic_numbers
from fieldapp.domain.kinds import name_of
from fieldapp.domain.medication import (
    HandoutStatus,
    IdentityCheck,
    MedicationAdministration,
    MedicationRequest,
    ObservedState,
    Part,
    PlannedDose,
)
from fieldapp.domain.notes import Note
from fieldapp.domain.observations import AnalyteReading, RapidTest, ScreeningResponse
from fieldapp.domain.patients import (
    Assignment,
    Contact,
    Flag,
    FlagCategory,
    FlagState,
    Level,
    Patient,
    Place,
    Practitioner,
    Relation,
    Role,
    Sex,
)
from fieldapp.domain.visits import Appointment, Encounter, EncounterStatus, VisitKind
from fieldapp.ids import new_id
from fieldapp.security.vault import Vault
from fieldapp.services.session import Session
from fieldapp.store import inbox, records
from fieldapp.store.inbox import IncomingRecord
from tests.helpers.claims import grant_days, trust
from tests.helpers.stores import PASSPHRASE, USERNAME, make_vault

NOW = datetime(2026, 11, 23, 8, 40, tzinfo=UTC)
TODAY = date(2026, 11, 23)

NILS = Practitioner("u-nils", USERNAME, "Nils Hammer", Role.CASE_MANAGER, "900 11 222")
BERIT = Practitioner("u-berit", "berit", "Berit Åsheim", Role.LAR_STAFF, "900 33 444")
SOLVEIG = Practitioner("u-solveig", "solveig", "Solveig Lund", Role.SECRETARY)

AASE = "p-aase"
"""A patient with everything: severe flags, medicine, notes with an addendum, screenings."""
MARET = "p-maret"
ODD = "p-odd"
"""A patient about whom hardly anything is known."""


@dataclass(frozen=True, slots=True)
class Ward:
    """Attributes: the unlocked session, its vault, and the clock that stands at NOW."""

    session: Session
    vault: Vault
    clock: FixedClock


def make_ward(folder: Path, *, empty: bool = False) -> Ward:
    """A new store in `folder` with the team's records as the server would have sent them."""
    clock = FixedClock(NOW)
    vault = make_vault(folder, clock=clock)
    store = vault.create(USERNAME, PASSPHRASE).store
    session = Session(store, NILS, "d-1", clock, new_id)
    receive(session, [NILS, BERIT, SOLVEIG] if empty else everything())
    if empty:
        trust(session)
    else:
        grant_claims(session)
    inbox.finish(store, NOW - timedelta(minutes=88))
    return Ward(session, vault, clock)


def grant_claims(session: Session, days: int = 1) -> None:
    """Grant this store today, and the days after it, for all patients who are not a pharmacy's."""
    orders = records.select(session.database, MedicationRequest)
    grant_days(session, [order for order in orders if order.place is not Place.PHARMACY], days)


def receive(session: Session, values: Iterable[Any]) -> None:
    """Store domain values as one page from the server."""
    known = inbox.cursor(session.database)
    start = int(known.split(".")[0]) if known else 0
    page = [
        IncomingRecord(
            name_of(value),
            value.id,
            value.id if isinstance(value, Patient) else getattr(value, "patient_id", None),
            start + number,
            to_body(value),
        )
        for number, value in enumerate(values, start=1)
    ]
    inbox.apply_page(
        session.database,
        page,
        cursor=f"{start + len(page)}.0",
        complete=True,
        now=session.clock.now(),
    )


def everything() -> list[Any]:
    """All records of the team, what is pointed to before what points to it."""
    patients = _patients()
    found: list[Any] = [NILS, BERIT, SOLVEIG, *patients]
    found += [
        Assignment(f"a-{patient.id}", patient.id, NILS.id, primary=True) for patient in patients
    ]
    return [
        *found,
        *_flags(),
        *_contacts(),
        *_requests(),
        *_appointments(),
        *_encounters(),
        *_handouts(),
        *_notes(),
        *_screenings(),
        *_rapid_tests(),
    ]


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """An instant given by local wall time."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=OSLO).astimezone(UTC)


def _days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


# --- people

_PEOPLE: tuple[tuple[str, str, str, date, Sex, Level, str, str, str], ...] = (
    (
        AASE,
        "Ødegård",
        "Åse",
        date(1962, 3, 12),
        Sex.FEMALE,
        Level.ACT,
        "Fjordveien 12, 2. etg.",
        "8250",
        "Rognan",
    ),
    (
        MARET,
        "Hætta",
        "Máret Inger",
        date(1988, 7, 2),
        Sex.FEMALE,
        Level.ACT,
        "Storgata 41 B",
        "8206",
        "Fauske",
    ),
    (
        ODD,
        "Brekke",
        "Odd",
        date(1955, 1, 30),
        Sex.MALE,
        Level.CASE_MANAGEMENT,
        "Myrveien 3",
        "8230",
        "Sulitjelma",
    ),
    (
        "p-abdi",
        "Hassan",
        "Abdi",
        date(1979, 11, 8),
        Sex.MALE,
        Level.CASE_MANAGEMENT,
        "Skoleveien 7",
        "8250",
        "Rognan",
    ),
    (
        "p-ingrid",
        "Aamodt",
        "Ingrid",
        date(1994, 5, 21),
        Sex.FEMALE,
        Level.CASE_MANAGEMENT,
        "Sjøgata 18",
        "8200",
        "Fauske",
    ),
    (
        "p-per",
        "Ærø",
        "Per Kristian",
        date(1971, 9, 14),
        Sex.MALE,
        Level.ACT,
        "Saltdalsveien 112",
        "8255",
        "Røkland",
    ),
    (
        "p-tone",
        "Bakken",
        "Tone",
        date(1983, 12, 1),
        Sex.FEMALE,
        Level.CASE_MANAGEMENT,
        "Elvegata 5",
        "8250",
        "Rognan",
    ),
    (
        "p-jon",
        "Isaksen",
        "Jon Anders",
        date(1967, 2, 17),
        Sex.MALE,
        Level.CASE_MANAGEMENT,
        "Nordnesveien 60",
        "8256",
        "Røkland",
    ),
    (
        "p-elin",
        "Kvam",
        "Elin",
        date(1990, 6, 6),
        Sex.FEMALE,
        Level.CASE_MANAGEMENT,
        "Kirkeveien 22",
        "8200",
        "Fauske",
    ),
    (
        "p-lars",
        "Åsen",
        "Lars",
        date(1959, 8, 25),
        Sex.MALE,
        Level.CASE_MANAGEMENT,
        "Finneidgata 9",
        "8210",
        "Fauske",
    ),
    (
        "p-ragnhild",
        "Østby-Kristoffersen",
        "Ragnhild Margrethe",
        date(1976, 4, 3),
        Sex.FEMALE,
        Level.CASE_MANAGEMENT,
        "Gamle Riksvei 205, inngang bak låven",
        "8250",
        "Rognan",
    ),
    (
        "p-stian",
        "Zachariassen",
        "Stian",
        date(2001, 10, 10),
        Sex.MALE,
        Level.CASE_MANAGEMENT,
        "Torggata 2",
        "8200",
        "Fauske",
    ),
)


def _patients() -> list[Patient]:
    found = []
    for number, row in enumerate(_PEOPLE):
        patient_id, family, given, born, sex, level, address, postal, city = row
        practical = ("Ring på to ganger", "Hund i huset") if patient_id == AASE else ()
        found.append(
            Patient(
                id=patient_id,
                family_name=family,
                given_name=given,
                national_id=next(iter(synthetic_numbers(born, start=20 + number))),
                birth_date=born,
                sex=sex,
                level=level,
                address=address,
                postal_code=postal,
                city=city,
                phone=f"900 00 {100 + number * 7}",
                gp_name="Nygård legesenter" if patient_id == AASE else "",
                practical=practical,
            )
        )
    return found


def _flag(patient_id: str, category: FlagCategory, text: str, days: int = 260) -> Flag:
    state = FlagState.PRESENT if text else FlagState.NONE_KNOWN
    return Flag(
        f"f-{patient_id}-{category.value}",
        patient_id,
        category,
        state,
        text,
        _days_ago(days),
        NILS.id,
    )


def _flags() -> list[Flag]:
    return [
        _flag(AASE, FlagCategory.ALLERGY, "Penicillin, anafylaksi 2019"),
        _flag(AASE, FlagCategory.SUICIDE_RISK, "Forhøyet risiko, se kriseplan", 40),
        _flag(AASE, FlagCategory.VIOLENCE_RISK, "", 40),
        _flag(AASE, FlagCategory.LEGAL_BASIS, "TUD, vedtak til 01.03.2027"),
        _flag(AASE, FlagCategory.CHILDREN, ""),
        _flag(AASE, FlagCategory.CRISIS_PLAN, "Oppdatert 14.10.2026, ligger i notat", 40),
        _flag(
            MARET, FlagCategory.VIOLENCE_RISK, "Kan bli truende i rus. Avtal på telefon først.", 12
        ),
        _flag(MARET, FlagCategory.TWO_TOGETHER, "Alltid to, også ved kort besøk", 12),
        _flag(MARET, FlagCategory.ALLERGY, "", 12),
        _flag(MARET, FlagCategory.SUICIDE_RISK, "", 12),
        _flag(MARET, FlagCategory.INTERPRETER, "Nordsamisk ved behov", 12),
        _flag(MARET, FlagCategory.CHILDREN, "Datter 6 år, annenhver uke", 12),
        _flag("p-abdi", FlagCategory.ALLERGY, ""),
        _flag("p-abdi", FlagCategory.INTERPRETER, "Somali"),
        _flag("p-per", FlagCategory.ALLERGY, "Latex"),
        _flag("p-jon", FlagCategory.TWO_TOGETHER, "Etter hendelse i august"),
    ]


def _contacts() -> list[Contact]:
    return [
        Contact("c-1", AASE, "Tor Ødegård", Relation.SIBLING, "900 45 601", True, "Har nøkkel"),
        Contact("c-2", AASE, "Nygård legesenter", Relation.GP, "75 00 11 22"),
        Contact(
            "c-3", AASE, "Siri Ødegård", Relation.CHILD, "900 45 777", False, "Vil ikke ringes"
        ),
        Contact("c-4", MARET, "Ante Hætta", Relation.PARENT, "900 88 123", True),
    ]


# --- medicine


def _requests() -> list[MedicationRequest]:
    every_day = (1, 2, 3, 4, 5, 6, 7)

    def methadone(number: str, patient_id: str, mg: str, place: Place) -> MedicationRequest:
        return MedicationRequest(
            id=f"r-{number}",
            patient_id=patient_id,
            product="Metadon mikstur 2 mg/ml",
            atc="N07BC02",
            form="mikstur",
            strength="2 mg/ml",
            doses=(PlannedDose(Part.MORNING, Decimal(mg)),),
            weekdays=every_day,
            place=place,
            valid_from=_days_ago(240),
            prescriber="Overlege Hanne Vik, AFR",
            concentration_mg_per_ml=Decimal("2"),
            source="LAR-ordinasjon mottatt 02.11.2026",
            # Only one patient's handouts are made up; the others have had theirs somewhere else.
            reassessed_on=None if patient_id == AASE else TODAY,
        )

    def depot_tablet(number: str, patient_id: str, mg: str, place: Place) -> MedicationRequest:
        return replace(
            methadone(number, patient_id, mg, place),
            product="Buprenorfin/nalokson resoriblett",
            atc="N07BC51",
            form="resoriblett",
            strength="8 mg/2 mg",
            concentration_mg_per_ml=None,
            weekdays=(1, 2, 3, 4, 5),
        )

    return [
        methadone("aase", AASE, "85", Place.HOME),
        replace(
            depot_tablet("aase-2", AASE, "2", Place.HOME),
            product="Olanzapin tablett",
            atc="N05AH03",
            form="tablett",
            strength="10 mg",
            doses=(PlannedDose(Part.EVENING, Decimal("10")),),
            weekdays=every_day,
            prescriber="Fastlege Nygård",
            source="Legemiddelliste fra fastlege 14.09.2026",
        ),
        replace(
            methadone("aase-old", AASE, "90", Place.HOME),
            valid_from=_days_ago(600),
            valid_to=_days_ago(241),
        ),
        depot_tablet("maret", MARET, "16", Place.HOME),
        depot_tablet("abdi", "p-abdi", "12", Place.HANDOUT_POINT),
        methadone("per", "p-per", "60", Place.HOME),
        depot_tablet("jon", "p-jon", "8", Place.PHARMACY),
    ]


def _handouts() -> list[MedicationAdministration]:
    found = []
    statuses = {3: HandoutStatus.NOT_MET, 7: HandoutStatus.WITHHELD}
    for days in range(1, 13):
        day = _days_ago(days)
        status = statuses.get(days, HandoutStatus.GIVEN)
        given = status is HandoutStatus.GIVEN
        found.append(
            MedicationAdministration(
                id=f"h-{days}",
                patient_id=AASE,
                request_id="r-aase",
                request_revision=1,
                day=day,
                part=Part.MORNING,
                status=status,
                given_at=at(day, 9, 5 + days),
                recorded_at=at(day, 9, 6 + days),
                author_id=BERIT.id if days % 2 else NILS.id,
                device_id="d-2",
                sequence=days,
                dose_mg=Decimal("85") if given else None,
                dose_ml=Decimal("42.5") if given else None,
                witnessed=given,
                identity_check=IdentityCheck.KNOWN if given else None,
                observed_state=ObservedState.UNAFFECTED if given else None,
                reason={3: "not_home", 7: "sedated"}.get(days),
            )
        )
    mistake = replace(
        found[1],
        id="h-mistake",
        given_at=at(_days_ago(2), 8, 50),
        sequence=40,
        status=HandoutStatus.REFUSED,
        dose_mg=None,
        dose_ml=None,
        witnessed=False,
        identity_check=None,
        observed_state=None,
        reason="does_not_want_today",
    )
    counter = replace(
        mistake,
        id="h-counter",
        given_at=at(_days_ago(2), 8, 58),
        sequence=41,
        status=HandoutStatus.ENTERED_IN_ERROR,
        reason=None,
        reason_text="Ført på feil pasient",
        reverses="h-mistake",
    )
    return [*found, mistake, counter]


# --- visits, notes, screenings


def _appointments() -> list[Appointment]:
    rows = (
        (AASE, TODAY, "10:00", VisitKind.HOME, "Medisin og samtale om uka"),
        (MARET, TODAY, "11:30", VisitKind.HOME, "Hjelp med papirer til NAV"),
        ("p-per", TODAY, "09:00", VisitKind.HOME, "Medisin"),
        ("p-elin", TODAY, "13:15", VisitKind.PHONE, ""),
        ("p-ragnhild", TODAY, None, VisitKind.HOME, "Vurdere bolig sammen med hjemmetjenesten"),
        ("p-tone", _days_ago(3), "12:00", VisitKind.HOME, "Behandlingsplan"),
        (AASE, TODAY + timedelta(days=2), "10:00", VisitKind.HOME, "Medisin"),
        ("p-lars", TODAY + timedelta(days=1), "14:00", VisitKind.OFFICE, "Samtale"),
    )
    return [
        Appointment(
            f"ap-{number}", patient, NILS.id, day, time, kind, purpose, created_by=SOLVEIG.id
        )
        for number, (patient, day, time, kind, purpose) in enumerate(rows)
    ]


def _encounters() -> list[Encounter]:
    def visit(number: str, patient_id: str, start: datetime, **fields: Any) -> Encounter:
        return Encounter(
            id=f"e-{number}",
            patient_id=patient_id,
            kind=VisitKind.HOME,
            status=EncounterStatus.FINISHED,
            started_at=start,
            author_id=NILS.id,
            ended_at=start + timedelta(minutes=45),
            participants=(NILS.id, BERIT.id),
            travel_minutes=25,
            recorded_at=start,
            **fields,
        )

    return [
        visit("1", AASE, at(_days_ago(2), 10, 5)),
        visit("2", AASE, at(_days_ago(9), 10, 0)),
        visit("per", "p-per", at(TODAY, 9, 0), appointment_id="ap-2"),
    ]


def _note(number: str, days: int, template: str, text: str, addendum_to: str | None = None) -> Note:
    signed = at(_days_ago(days), 11, 20)
    return Note(
        id=f"n-{number}",
        patient_id=AASE,
        author_id=NILS.id if addendum_to is None else BERIT.id,
        template=template,
        text=text,
        signed_at=signed,
        recorded_at=signed,
        device_id="d-1",
        sequence=100 - days,
        addendum_to=addendum_to,
    )


def _notes() -> list[Note]:
    return [
        _note(
            "old",
            9,
            "home_visit",
            "Bakgrunn for besøket:\nFast ukentlig besøk.\n\nObservasjoner:\nRydder mer enn før, har"
            " handlet selv. Sover fortsatt lite.\n\nTiltak og avtaler:\nNytt besøk mandag kl. 10.",
        ),
        _note("add", 8, "home_visit", "Rettelse: neste besøk er flyttet til kl. 11.", "n-old"),
        _note(
            "new",
            2,
            "home_visit",
            "Observasjoner:\nVåken og orientert. Har spist frokost og vært ute en tur. Forteller at"
            " broren har vært på besøk.\n\nPasientens egne ord:\n«Det går litt bedre nå.»\n\n"
            "Vurdering:\nIngen endring i selvmordsrisiko siden sist.",
        ),
    ]


def _screenings() -> list[ScreeningResponse]:
    def response(number: int, days: int, instrument: str, total: int, band: str) -> Any:
        moment = at(_days_ago(days), 13, 0)
        return ScreeningResponse(
            id=f"s-{instrument}-{number}",
            patient_id=AASE,
            author_id=NILS.id,
            instrument=instrument,
            instrument_version="1",
            language="nb",
            scoring_hash="0" * 64,
            answers={},
            authored_at=moment,
            recorded_at=moment,
            device_id="d-1",
            sequence=200 + number,
            total=total,
            lowest=total,
            highest=total,
            band=band,
        )

    return [
        response(1, 190, "audit", 19, "zone_3"),
        response(2, 120, "audit", 17, "zone_3"),
        response(3, 60, "audit", 14, "zone_2"),
        response(4, 9, "audit", 11, "zone_2"),
        response(5, 60, "dudit", 9, "probable_problem"),
    ]


def _rapid_tests() -> list[RapidTest]:
    moment = at(_days_ago(9), 10, 20)
    return [
        RapidTest(
            id="t-1",
            patient_id=AASE,
            author_id=NILS.id,
            panel="urine-8",
            panel_version="1",
            specimen="urine",
            supervised=True,
            reason="agreed_in_plan",
            reason_text="",
            readings=(
                AnalyteReading("amphetamine", "1000", "ng/mL", "preliminary_negative"),
                AnalyteReading("cocaine", "300", "ng/mL", "preliminary_negative"),
                AnalyteReading("benzodiazepines", "300", "ng/mL", "preliminary_positive"),
            ),
            taken_at=moment,
            recorded_at=moment,
            device_id="d-1",
            sequence=300,
        )
    ]
