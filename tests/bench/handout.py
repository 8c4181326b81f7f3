"""`run.py bench handout`: opening a patient's handout screen with ten years of daily doses.

The reference is the same screen of a patient without any. The two lie in stores of their own, so
that nothing of the one is read for the other. First the page itself: from the choice of the patient
until the dose is painted, and until the calendar of the weeks stands below it. Then only what is
read for it: the round with the light of each dose, the patient's situation, the light of the dose,
and the last of its history.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path

from PySide6.QtWidgets import QApplication

from fieldapp.clock import OSLO
from fieldapp.domain.claims import ClaimState
from fieldapp.domain.medication import (
    MedicationAdministration,
    MedicationRequest,
    slots,
)
from fieldapp.services import medication
from fieldapp.services.session import Session
from tests.bench.rows import Row, interleaved, turn_about
from tests.helpers.builders import TODAY, assignment, event, new_session, patient, receive, request
from tests.helpers.claims import claim_of, deliver, grant
from tests.helpers.pages import PAGE_SIZE, make_context
from ui.handout.page import HandoutPage
from ui.shots import settle
from ui.tasks import TaskRunner
from ui.theme import Scheme, Theme

_YEARS = 10
_ROUNDS = 40
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Screen:
    """A store with one patient, whose dose of today is to be given."""

    session: Session
    order: MedicationRequest

    def open(self) -> None:
        """Read all that the screen shows when the patient is chosen."""
        self.read_light()
        medication.history(self.session, self.order.patient_id, 20)

    def read_light(self) -> None:
        """Read what decides whether the dose may be given."""
        medication.round_for(self.session, TODAY)
        medication.situation(self.session, self.order.patient_id, "opioid")
        found = medication.verdict(self.session, slots([self.order], TODAY)[0])
        assert found.light is medication.Light.GREEN, found.codes


def rows() -> list[Row]:
    """Milliseconds with the history against those without."""
    with tempfile.TemporaryDirectory() as name:
        screens = [_made(Path(name), days) for days in (_YEARS * 365, 0)]
        full, empty = screens
        what = (
            f"of a patient with {_YEARS * 365} daily doses, each day claimed; reference: without "
            f"any; median of {_ROUNDS}, turn about"
        )
        found = [
            *_of_the_page(full, empty, what),
            _row("handout read", full.open, empty.open, f"round, light and history {what}"),
            _row("handout light", full.read_light, empty.read_light, f"round and light {what}"),
        ]
        for screen in screens:
            screen.session.database.close()
    return found


def _of_the_page(full: Screen, empty: Screen, what: str) -> list[Row]:
    """The real page, offscreen, in the size that a small laptop leaves for it."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    theme, tasks = Theme(), TaskRunner()
    theme.apply(application, Scheme.LIGHT, 100)
    pages = [HandoutPage(make_context(one.session, tasks, theme)) for one in (full, empty)]
    for page in pages:
        page.resize(PAGE_SIZE)
        page.show()
        settle()
    found = []
    for until_calm, told in ((False, "dose is painted"), (True, "calendar stands there too")):
        mine, theirs = (
            _opening(page, screen.order.patient_id, until_calm)
            for page, screen in zip(pages, (full, empty), strict=True)
        )
        ours, reference = turn_about(mine, theirs, rounds=_ROUNDS)
        name = "handout screen and calendar" if until_calm else "handout screen"
        how = f"the page, from the choice until the {told}, {what}"
        found.append(Row(name, ours, reference, "ms", how))
    for page in pages:
        page.close()
        page.deleteLater()
    settle()
    tasks.close()
    return found


def _opening(page: HandoutPage, patient_id: str, until_calm: bool) -> Callable[[], float]:
    """Milliseconds of one opening; what comes later is waited for outside of them."""

    def opened() -> float:
        page.presenter.put_aside()
        settle()
        started = time.perf_counter()
        page.show_for(patient_id=patient_id)
        if until_calm:
            settle()
        page.grab()
        took = time.perf_counter() - started
        settle()
        return took * 1000

    return opened


def _row(name: str, ours: Callable[[], None], reference: Callable[[], None], how: str) -> Row:
    mine, theirs = interleaved(ours, reference, rounds=_ROUNDS)
    return Row(name, mine, theirs, "ms", how)


def _made(folder: Path, days: int) -> Screen:
    place = folder / str(days)
    place.mkdir()
    session = new_session(place)
    person = patient()
    order = request(person, valid_from=TODAY - timedelta(days=days))
    receive(session, person, assignment(person), order)
    given = list(_doses(order, days))
    for start in range(0, len(given), _PAGE):
        receive(session, *given[start : start + _PAGE])
    claims = [
        claim_of(session, order, dose.day, state=ClaimState.ENDED, orders={}) for dose in given
    ]
    for start in range(0, len(claims), _PAGE):
        deliver(session, *claims[start : start + _PAGE])
    grant(session, order, TODAY)
    session.database.checkpoint()
    return Screen(session, order)


def _doses(order: MedicationRequest, days: int) -> Iterator[MedicationAdministration]:
    for back in range(days, 0, -1):
        day = TODAY - timedelta(days=back)
        dose = event(order, day, group="opioid")
        yield replace(dose, given_at=_nine(day), recorded_at=_nine(day))


def _nine(day: date) -> datetime:
    return datetime.combine(day, clock_time(9), tzinfo=OSLO)
