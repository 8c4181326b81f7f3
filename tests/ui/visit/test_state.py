"""The values behind the visit page."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from fieldapp.clock import OSLO
from fieldapp.domain.notes import Draft
from fieldapp.domain.patients import FlagCategory, FlagState
from fieldapp.domain.visits import Encounter, EncounterStatus, VisitKind
from fieldapp.services import reference
from tests.helpers.builders import COLLEAGUE, ME, TODAY, flag, patient
from tests.helpers.stores import START
from ui.visit.state import (
    NoteState,
    VisitState,
    clock_line,
    end_time,
    same_work,
    saved_line,
    two_together,
    with_template,
)

PERSON = patient()
DRAFT = Draft("d", PERSON.id, "note", {"text": "Hei"}, START)


def a_visit(*, state: FlagState = FlagState.PRESENT, **changes: object) -> VisitState:
    warning = flag(PERSON, FlagCategory.TWO_TOGETHER, state=state, text="Alltid to")
    visit = VisitState(PERSON, (warning,), ME, (ME, COLLEAGUE), {ME.id: ME.name})
    return replace(visit, **changes)  # type: ignore[arg-type]


def encounter(**changes: object) -> Encounter:
    found = Encounter(
        "e", PERSON.id, VisitKind.HOME, EncounterStatus.IN_PROGRESS, START, ME.id,
        participants=(ME.id,),
    )  # fmt: skip
    return replace(found, **changes)  # type: ignore[arg-type]


def test_alone_at_a_flagged_patients_door_is_warned_of_with_the_flags_own_words() -> None:
    assert "Alltid to" in two_together(a_visit())


def test_a_colleague_a_phone_call_or_no_flag_ends_the_warning() -> None:
    assert two_together(a_visit(colleagues=(COLLEAGUE.id,))) == ""
    assert two_together(a_visit(kind=VisitKind.PHONE)) == ""
    assert two_together(a_visit(state=FlagState.NONE_KNOWN)) == ""


def test_the_running_line_counts_from_the_start() -> None:
    assert clock_line(encounter(), START + timedelta(minutes=65)) == (
        "Pågår siden 09:15 · 1 t 05 min"
    )


@pytest.mark.parametrize(("clock", "minutes"), [((9, 15), 0), ((10, 0), 45), ((0, 15), 15 * 60)])
def test_an_end_is_the_next_time_the_clock_showed_it(clock: tuple[int, int], minutes: int) -> None:
    ended = end_time(START, *clock)
    assert ended == START + timedelta(minutes=minutes)
    assert ended.tzinfo is not None
    assert ended.astimezone(OSLO).hour == clock[0]


def test_only_what_the_store_has_answered_for_is_called_saved() -> None:
    assert "lagret kl" not in saved_line(NoteState(unsaved=True)).text
    typing = saved_line(NoteState(draft=DRAFT, unsaved=True))
    assert typing.text == "Skriver … sist lagret kl. 09:15:00"
    assert saved_line(NoteState(draft=DRAFT)).text == "Utkast lagret kl. 09:15:00"
    assert saved_line(NoteState(draft=DRAFT, error="Nei")).tone == "danger"


def test_a_template_gives_way_to_another_but_written_words_never_do() -> None:
    templates = reference.note_templates().templates
    untouched = frozenset(template.text for template in templates)
    first, second = templates[0], templates[1]
    assert with_template("", first, untouched) == first.text
    assert with_template(first.text, second, untouched) == second.text
    mixed = with_template("Egne ord", second, untouched)
    assert mixed.startswith("Egne ord\n")
    assert all(f"{heading}:" in mixed for heading in second.headings)
    assert with_template(mixed, second, untouched) == mixed


def test_only_a_draft_of_this_visit_or_of_today_is_opened_at_once() -> None:
    visit = encounter()
    assert same_work(replace(DRAFT, encounter_id="e"), visit, None, TODAY)
    assert same_work(DRAFT, visit, None, TODAY)
    assert not same_work(DRAFT, visit, None, TODAY + timedelta(days=1))
    assert not same_work(replace(DRAFT, encounter_id="other"), visit, None, TODAY)
