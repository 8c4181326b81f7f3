"""The office in words, without a window."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from fieldapp.domain.patients import Role
from sync.client.office_messages import (
    BadRequestError,
    ClosingCode,
    ClosingPoint,
    DuplicatePair,
    LaptopRow,
    NotFoundError_,
    PatientName,
    SyncError,
)
from sync.protocol.errors import OfflineError
from ui.office.reasons import not_done_text, point_text, stopped_text
from ui.office.state import (
    clock_text,
    closing_rows,
    duplicate_fields,
    is_confirmed,
    laptop_facts,
    laptop_row,
    marks,
    newest_version,
    page_text,
    sections,
)
from ui.office.values import differences, label_of, shown, typed

NOW = datetime(2026, 11, 23, 8, 40, tzinfo=UTC)


def laptop(**facts: Any) -> LaptopRow:
    told: dict[str, Any] = {
        "user_id": "u1",
        "username": "nils",
        "name": "Nils Hammer",
        "role": "case_manager",
        "user_active": True,
        "device_id": "d1",
        "device_name": "Feltlaptop 3",
        "app_version": "0.3.0",
        "last_complete": NOW - timedelta(minutes=30),
        "last_contact": NOW - timedelta(minutes=30),
        "reported_at": NOW - timedelta(minutes=30),
        "waiting": 0,
        "parked": 0,
        "conflicts": 0,
        "drafts_unsent": 0,
        "clock_offset_ms": 900,
        "disk_encrypted": True,
    }
    return LaptopRow(**{**told, **facts})


def mark_words(row: LaptopRow, newest: str = "0.3.0") -> list[str]:
    return [tag.text for tag in marks(row, NOW, newest)]


def facts_of(row: LaptopRow) -> dict[str, str]:
    return {fact.label: fact.value for fact in laptop_facts(row, NOW, "0.3.0")}


def test_a_laptop_with_nothing_amiss_says_one_calm_word() -> None:
    assert mark_words(laptop()) == ["Alt sendt"]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"visits_since": 3}, "3 besøk"),
        ({"parked": 2}, "2 stoppet"),
        ({"parked_here": 1}, "1 stoppet"),
        ({"conflicts": 1}, "1 konflikt"),
        ({"conflicts": 2}, "2 konflikter"),
        ({"waiting": 12}, "12 usendt"),
        ({"drafts_unsent": 1}, "1 utkast"),
        ({"forked": True}, "To kopier"),
        ({"log_forked": True}, "Logg avviker"),
        ({"revoked": True}, "Tilbaketrukket"),
        ({"user_active": False}, "Konto stengt"),
        ({"clock_offset_ms": -400_000}, "Klokken"),
        ({"last_complete": NOW - timedelta(days=5)}, "Lenge siden"),
        ({"app_version": "0.2.9"}, "Gammel versjon"),
        ({"disk_encrypted": False}, "Disk ukryptert"),
    ],
)
def test_each_thing_that_stands_out_has_its_word(facts: dict[str, Any], words: str) -> None:
    found = mark_words(laptop(**facts))
    assert words in found
    assert "Alt sendt" not in found


def test_what_the_visits_since_the_last_sync_are_stands_before_the_counts() -> None:
    found = mark_words(laptop(waiting=4, visits_since=2, parked=1))
    assert found[0] == "2 besøk"


def test_a_laptop_that_never_reported_is_said_to_be_unknown_and_not_empty() -> None:
    facts = facts_of(
        laptop(reported_at=None, waiting=None, parked=None, conflicts=None, drafts_unsent=None)
    )
    assert facts["Usendt"] == "ukjent, har aldri meldt fra"


def test_the_place_of_what_was_stopped_is_told() -> None:
    assert facts_of(laptop(parked=2, parked_here=1))["Stoppet"] == "2 på laptopen, 1 hos kontoret"
    assert facts_of(laptop())["Stoppet"] == "0"


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (None, "ikke målt"),
        (59_000, "stemmer"),
        (13 * 60_000, "går 13 min etter"),
        (-3 * 3_600_000, "går 3 t foran"),
        (-72 * 3_600_000, "går 3 døgn foran"),
    ],
)
def test_the_clock_is_told_in_the_unit_that_fits(offset: int | None, words: str) -> None:
    assert clock_text(laptop(clock_offset_ms=offset)) == words


def test_what_a_laptop_has_not_confirmed_is_not_called_synced() -> None:
    row = laptop(last_complete=None, last_served=NOW - timedelta(minutes=5))
    shown_row = laptop_row(row, NOW, "")
    assert shown_row.detail.startswith("hentet alt 09:35")
    facts = facts_of(row)
    assert facts["Sist fullført synk"] == "aldri"
    assert facts["Hentet alt"] == "09:35, ikke bekreftet ennå"


def test_a_laptop_that_never_reported_is_never_said_to_have_sent_everything() -> None:
    assert "Alt sendt" not in mark_words(laptop(reported_at=None))


def test_a_person_without_a_laptop_has_no_sync_to_tell_of() -> None:
    row = laptop_row(laptop(device_id=None, device_name="", reported_at=None), NOW, "")
    assert row.detail == "saksansvarlig · ingen laptop"
    assert row.tags == ()


def test_versions_are_compared_as_numbers() -> None:
    rows = [laptop(app_version="0.9.1"), laptop(app_version="0.10.0"), laptop(app_version="")]
    assert newest_version(rows) == "0.10.0"


@pytest.mark.parametrize(
    ("role", "parts"),
    [
        (Role.PEER, ()),
        (Role.CASE_MANAGER, ("orders",)),
        (Role.PRESCRIBER, ("proposals", "safety", "orders")),
        (
            Role.SECRETARY,
            ("overview", "parked", "patients", "duplicates", "orders", "courier", "rules"),
        ),
        (Role.ADMINISTRATOR, ("overview", "people", "rules")),
        (Role.RECOVERY_OFFICER, ("overview", "courier", "drafts", "rules")),
        ("of a later version", ()),
    ],
)
def test_a_role_sees_the_parts_that_it_has_a_right_to(
    role: Role | str, parts: tuple[str, ...]
) -> None:
    assert sections(role) == parts


@pytest.mark.parametrize("code", ClosingCode)
def test_every_thing_to_know_before_closing_has_its_sentence(code: ClosingCode) -> None:
    for count in (1, 3):
        words = point_text(code, count)
        assert words
        assert "{" not in words


def test_what_would_be_lost_for_good_is_marked_as_danger() -> None:
    points = [
        ClosingPoint(code=ClosingCode.UNSENT, count=2, blocking=True),
        ClosingPoint(code=ClosingCode.PARKED_HERE, count=1),
    ]
    assert [row.icon_tone for row in closing_rows(points)] == ["danger", "warn"]


@pytest.mark.parametrize(
    ("said", "wanted", "confirmed"),
    [
        ("Feltlaptop 3", "Feltlaptop 3", True),
        ("  feltlaptop   3 ", "Feltlaptop 3", True),
        ("Feltlaptop", "Feltlaptop 3", False),
        ("", "", False),
    ],
)
def test_only_the_words_that_are_asked_for_confirm(said: str, wanted: str, confirmed: bool) -> None:
    assert is_confirmed(said, wanted) is confirmed


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("same_field:phone", "Det samme er endret"),
        ("event_differs", "under samme nummer"),
        ("change_id_reused", "under samme nummer"),
        ("bad_body:text", "kunne ikke lese"),
        ("review", "tilbaketrukket"),
        ("other_patient", "en annen pasient"),
        ("too_large", "for stor"),
    ],
)
def test_why_a_change_was_stopped_is_said_in_plain_words(reason: str, words: str) -> None:
    assert words in stopped_text(reason)


@pytest.mark.parametrize(
    "code",
    [
        "reason_missing",
        "words_missing",
        "event",
        "not_open",
        "body",
        "no_server_body",
        "server_owned",
        "author",
        "kind",
        "closed",
        "own_account",
        "same_patient",
        "already_joined",
        "courier_off",
        "courier_damaged",
        "courier_signature",
    ],
)
def test_each_refusal_of_the_server_has_a_sentence_and_says_that_nothing_was_done(
    code: str,
) -> None:
    words = not_done_text(BadRequestError(code))
    assert words != not_done_text(BadRequestError("of a later version"))
    assert "Ingenting" in words


@pytest.mark.parametrize("error", [OfflineError(), NotFoundError_("user"), SyncError()])
def test_every_trouble_on_the_way_is_one_calm_sentence(error: SyncError) -> None:
    assert not_done_text(error).endswith(".")


def test_without_a_line_nothing_is_said_to_be_waiting_on_this_laptop() -> None:
    assert "lagret her" not in not_done_text(OfflineError())


def test_only_the_fields_that_differ_are_compared() -> None:
    mine = {"id": "p1", "phone": "1", "city": "Tana", "active": True}
    theirs = {"id": "p1", "phone": "2", "city": "Tana", "active": True}
    (found,) = differences(mine, theirs)
    assert (found.label, found.mine, found.theirs) == ("Telefon", "1", "2")


def test_a_record_that_the_server_lacks_is_shown_without_what_no_person_can_read() -> None:
    mine = {"id": "n1", "author_id": "u1", "sequence": 4, "text": "Rolig.", "addendum_to": None}
    assert [one.field for one in differences(mine, None)] == ["text"]


@pytest.mark.parametrize(
    ("value", "field", "words"),
    [
        (None, "phone", "tomt"),
        (True, "witnessed", "ja"),
        ("morning", "part", "Morgen"),
        ("home", "place", "hjemme"),
        ("finished", "status", "Utført"),
        ("of a later version", "place", "of a later version"),
        ("2026-11-22T09:00:00.000Z", "signed_at", "22.11.2026 10:00"),
        ("1981-02-03", "birth_date", "03.02.1981"),
        ([1, 5], "weekdays", "mandag, fredag"),
        ([{"part": "evening", "dose_mg": "60"}], "doses", "Kveld · 60 mg"),
        ("u1", "practitioner_id", "Nils"),
    ],
)
def test_values_are_shown_as_people_write_them(value: object, field: str, words: str) -> None:
    assert shown(value, field, {"u1": "Nils"}) == words


def test_a_field_of_a_later_version_is_named_by_its_code() -> None:
    assert label_of("of_a_later_version") == "of_a_later_version"


def test_what_is_typed_takes_the_form_that_stands_in_the_record() -> None:
    mine = {"birth_date": "1981-02-03", "dose_mg": "60", "travel_minutes": 20, "reason_text": "a"}
    fields = {one.field: one for one in differences(mine, None)}
    assert typed(fields["birth_date"], "04.02.1981") == "1981-02-04"
    assert typed(fields["dose_mg"], "37,5") == "37.5"
    assert typed(fields["travel_minutes"], "25") == 25
    assert typed(fields["reason_text"], "  ") == ""
    for field, wrong in (("birth_date", "i går"), ("travel_minutes", "mange")):
        with pytest.raises(ValueError, match=r"."):
            typed(fields[field], wrong)


def test_codes_and_moments_are_not_typed_but_left_as_they_are() -> None:
    mine = {"part": "morning", "given_at": "2026-11-22T09:00:00.000Z", "witnessed": True}
    assert not any(one.editable for one in differences(mine, None))


def test_two_patients_are_compared_in_what_tells_them_apart() -> None:
    first = PatientName(id="a", name="Ås, Bo", birth_date=date(1981, 2, 3), national_id="1")
    second = PatientName(id="b", name="Ås, Bo", birth_date=date(1981, 2, 3), temporary_number="T")
    pair = DuplicatePair(first=first, second=second, reason="name_and_birth")
    assert duplicate_fields(pair) == (
        ("Fødselsnummer", "1", "tomt"),
        ("Midlertidig nummer", "tomt", "T"),
    )


def test_the_part_of_a_long_list_is_told() -> None:
    assert page_text(1, 50, 12, 62) == "51\u201362 av 62"
    assert page_text(0, 50, 0, 0) == ""
