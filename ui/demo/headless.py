"""A case manager's day through the real widgets, without a display, with pictures and a report.

Every figure of the report is counted from the laptop's store and asked of the server; the script
only knows what it meant to do, and any difference is a failure.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton

from fieldapp.clock import SystemClock
from fieldapp.services import medication, receipt, sync_status, today
from fieldapp.services.receipt import DayReceipt
from fieldapp.services.session import Session
from ui import shots
from ui.app import set_up
from ui.demo.hand import find, first_named, is_there, press, type_into, wait_until
from ui.demo.stage import PASSPHRASE, DemoError, Stage, first_sync, forget, set_stage
from ui.demo.window import DemoWindow
from ui.sync.coordinator import SyncCoordinator
from ui.widgets import RowList

Say = Callable[[str], None]
SIZE = QSize(1366, 768)
MEANT = {"visits_signed": 2, "handouts": 4, "screenings": 2, "rapid_tests": 1}

_NOTES = (
    "Hjemmebesøk som avtalt. Våken og orientert, god kontakt. Har sovet bedre denne uken og "
    "spist regelmessig. Ønsker hjelp til å ringe NAV; avtalt å gjøre det sammen på torsdag.",
    "Rolig samtale ved kjøkkenbordet. Snakket om rusfrie dager og hva som hjalp. Ingen tanker om "
    "å skade seg selv. Kriseplanen er gått gjennom og ligger på kjøleskapet.",
)


def play(out: Path, data: Path, say: Say) -> int:
    """Play the day into `out`; return 0, or 1 when a figure is not what it must be."""
    out.mkdir(parents=True, exist_ok=True)
    forget(data)
    with set_stage(data, SystemClock(), say) as stage:
        first_sync(stage, say)
        desk = set_up()
        window = DemoWindow(stage, desk)
        try:
            report = _Day(stage, window, out, say).play()
        finally:
            window.close()
            desk.close()
    wrong = _mismatches(report)
    text = json.dumps(report, ensure_ascii=False, indent=1)
    (out / "report.json").write_text(text + "\n", encoding="utf-8")
    say(text)
    for line in wrong:
        say(f"MISMATCH {line}")
    return 1 if wrong else 0


def _mismatches(report: dict[str, object]) -> list[str]:
    wanted: dict[str, object] = {**MEANT, "patients": 25, "unsent_after_sync": 0}
    wrong = [
        f"{name}: {report[name]} instead of {value}"
        for name, value in wanted.items()
        if report[name] != value
    ]
    unsent, confirmed = report["unsent_before_sync"], report["server_confirmed"]
    assert isinstance(unsent, int)
    assert isinstance(confirmed, int)
    if not 0 < confirmed <= unsent:
        wrong.append(f"server_confirmed: {confirmed} of {unsent} that were unsent")
    named = report.pop("_named")
    if confirmed != named:
        wrong.append(f"server_confirmed: {confirmed} of {named} events and visits of the day")
    return wrong


class _Day:
    """One day; `play` lives it."""

    def __init__(self, stage: Stage, window: DemoWindow, out: Path, say: Say) -> None:
        self._stage = stage
        self._window = window
        self._out = out
        self._say = say
        self._pictures: list[str] = []

    def play(self) -> dict[str, object]:
        self._window.resize(SIZE)
        self._window.show()
        self._unlock()
        self._ready_for_trip()
        self._lose_coverage()
        visited = self._visits()
        self._round()
        self._screenings(visited)
        self._rapid_test(visited)
        self._look_back(visited)
        return self._return_and_report()

    # --- the parts of the day

    def _unlock(self) -> None:
        self._say("Unlocking …")
        self._shoot("unlock")
        field = self._window.findChild(QLineEdit)
        assert field is not None
        QTest.keyClicks(field, "feil passfrase her")
        QTest.keyClick(field, Qt.Key.Key_Return)
        wait_until(lambda: field.isEnabled() and bool(field.selectedText()), "the refusal")
        self._shoot("unlock-refused")
        field.clear()
        QTest.keyClicks(field, PASSPHRASE)
        QTest.keyClick(field, Qt.Key.Key_Return)
        wait_until(lambda: self._window.workspace is not None, "the day page")
        wait_until(lambda: self._coordinator.online, "coverage")
        wait_until(lambda: not self._coordinator.running, "the first sync of the day")
        self._shoot("today")

    def _ready_for_trip(self) -> None:
        self._say("Ready for trip …")
        self._go("sync")
        wait_until(lambda: not self._coordinator.running, "a quiet line")
        self._shoot("ready-for-trip")

    def _lose_coverage(self) -> None:
        self._say("Coverage off …")
        press("demoCoverage")
        wait_until(lambda: not self._coordinator.online, "no coverage")
        self._go("today")
        self._shoot("today-without-coverage")

    def _visits(self) -> list[str]:
        """Two visits with signed notes; return the ids of the patients visited."""
        planned = [v for v in today.load(self._session, self._today).visits if v.encounter is None]
        visited: list[str] = []
        for number, visit in enumerate(planned[:2]):
            self._say(f"Visit {number + 1} …")
            self._go("visit", patient_id=visit.patient.id, appointment_id=visit.appointment.id)
            press("visitStart")
            type_into("noteEditor", _NOTES[number])
            wait_until(lambda: "lagret" in find(QLabel, "noteLine").text(), "the saved draft")
            self._shoot(f"visit-{number + 1}")
            press("noteSign")
            press("noteSignConfirm")
            press("visitFinish")
            self._shoot(f"visit-{number + 1}-signed")
            visited.append(visit.patient.id)
        return visited

    def _round(self) -> None:
        """Four handouts: two given, one withheld, one not met."""
        self._say("The medicine round …")
        self._go("handout")
        self._shoot("round")
        self._next_patient()
        self._give()
        self._shoot("handout-given")
        self._next_patient()
        self._give()
        self._next_patient()
        press("stateIntoxicated")
        press("withheld")
        self._shoot("handout-withheld-why")
        self._choose_reason("reason_intoxicated")
        self._next_patient()
        press("notMet")
        self._choose_reason("reason_not_home")
        self._shoot("round-done")

    def _next_patient(self) -> None:
        """Choose, in the list, a patient whose dose is still open."""
        rows = medication.round_for(self._session, self._today)
        unanswered = (row for row in rows if not all(slot.standing for slot in row.slots))
        chosen = next(unanswered, None)
        if chosen is None:
            raise DemoError("The round has no open dose left.")
        patient_id = chosen.patient.id
        find(RowList, "roundList").select_id(patient_id)
        find(RowList, "roundList").setFocus()
        # The page takes no outcome within a double click of the last one.
        QTest.qWait(QApplication.doubleClickInterval() + 100)

    def _give(self) -> None:
        for name in ("identityKnown", "stateUnaffected", "otherNo", "witnessedYes", "given"):
            press(name)

    def _choose_reason(self, name: str) -> None:
        press(name)
        if is_there("confirmReason"):
            press("confirmReason")

    def _screenings(self, visited: list[str]) -> None:
        for patient_id, instrument in zip(visited, ("audit", "dudit"), strict=True):
            self._say(f"{instrument.upper()} …")
            self._go("screening", patient_id=patient_id, instrument=instrument)
            press(f"startInstrument_{instrument}")
            self._answer(instrument)
            self._shoot(f"{instrument}-summary")
            if is_there("stateAtCompletion_unaffected"):
                press("stateAtCompletion_unaffected")
            press("screeningComplete")
            wait_until(lambda: not is_there("screeningComplete"), "the completed form")
            self._shoot(f"{instrument}-result")

    def _answer(self, instrument: str) -> None:
        """The second answer to everything, the third to the first question."""
        asked = 0
        while not is_there("screeningComplete"):
            asked += 1
            if asked > 40:
                raise DemoError(f"{instrument} does not come to an end.")
            if asked == 4:
                self._shoot(f"{instrument}-question")
            press("option_2" if asked == 1 else self._second_option())
            shots.settle()

    def _second_option(self) -> str:
        return "option_1" if is_there("option_1") else "option_2"

    def _rapid_test(self, visited: list[str]) -> None:
        self._say("A rapid test …")
        self._go("rapid_test", patient_id=visited[0])
        for prefix in ("panel_", "specimen_", "supervised_", "reason_"):
            press(first_named(prefix))
        for name in self._readings():
            press(name)
        self._shoot("rapid-test")
        press("rapidTestSave")
        wait_until(lambda: self._receipt().rapid_tests == 1, "the saved test")
        self._shoot("rapid-test-saved")

    def _readings(self) -> list[str]:
        """The button for "negative" of every analyte, and "positive" for the first one."""
        first_named("reading_")
        negative = "_preliminary_negative"
        found = [
            button.objectName()
            for button in self._window.findChildren(QPushButton)
            if button.objectName().startswith("reading_") and button.objectName().endswith(negative)
        ]
        found[0] = found[0].replace(negative, "_preliminary_positive")
        return found

    def _look_back(self, visited: list[str]) -> None:
        self._go("patient", patient_id=visited[0])
        self._shoot("patient")
        self._go("patients")
        self._shoot("patients")
        self._go("sync")
        self._shoot("unsent")

    def _return_and_report(self) -> dict[str, object]:
        self._say("Coverage on, sync …")
        before = sync_status.read(self._session)
        press("demoCoverage")
        wait_until(lambda: self._coordinator.online, "coverage")
        wait_until(
            lambda: not self._coordinator.running and sync_status.read(self._session).all_sent,
            "everything sent",
        )
        self._shoot("sync-done")
        self._go("today")
        self._shoot("today-evening")
        after = sync_status.read(self._session)
        counted = self._receipt()
        connection = self._window.connection
        assert connection is not None
        return {
            "patients": counted.patients,
            "visits_signed": counted.visits_signed,
            "handouts": counted.handouts,
            "screenings": counted.screenings,
            "rapid_tests": counted.rapid_tests,
            "unsent_before_sync": before.waiting + before.parked,
            "unsent_after_sync": after.waiting + after.parked,
            "server_confirmed": connection.confirmed(list(counted.names)),
            "store_path": str(self._session.database.path),
            "screenshots": self._pictures,
            "_named": len(counted.names),
        }

    # --- helps

    @property
    def _session(self) -> Session:
        assert self._window.workspace is not None
        return self._window.workspace.context.session

    @property
    def _coordinator(self) -> SyncCoordinator:
        assert self._window.coordinator is not None
        return self._window.coordinator

    @property
    def _today(self) -> date:
        return self._session.today()

    def _receipt(self) -> DayReceipt:
        return receipt.of_day(self._session, self._today)

    def _go(self, page: str, **args: object) -> None:
        assert self._window.workspace is not None
        self._window.workspace.navigate(page, **args)
        shots.settle()

    def _shoot(self, name: str) -> None:
        file = self._out / f"{len(self._pictures) + 1:02}-{name}.png"
        shots.shoot(self._window, file)
        self._pictures.append(str(file))
