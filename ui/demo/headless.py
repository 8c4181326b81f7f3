"""A case manager's day through the real widgets, without a display, with pictures and a report.

Every figure of the report is counted from the laptop's store and asked of the server; the script
only knows what it meant to do, and any difference is a failure.
"""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton

from fieldapp.clock import SystemClock
from fieldapp.services import receipt, sync_status, today
from fieldapp.services.receipt import DayReceipt
from ui import shots
from ui.app import set_up
from ui.demo.colleagues import locum_was_here
from ui.demo.hand import find, first_named, is_there, press, type_into, wait_until
from ui.demo.medicine import HOME_DAYS, Medicine
from ui.demo.player import Player
from ui.demo.stage import PASSPHRASE, DemoError, Say, Stage, first_sync, forget, set_stage
from ui.demo.window import DemoWindow

SIZE = QSize(1366, 768)
MEANT = {
    "visits_signed": 2,
    # Two given, one withheld, one not met, a depot, an emergency; one seen and three taken home.
    "handouts": 2 + 1 + 1 + 1 + 1 + (1 + HOME_DAYS),
    "screenings": 2,
    "rapid_tests": 1,
    "forced": 1,
    "safety_items": 1,
    "ledger_difference": 0,
}

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
        locum_was_here(stage, say)
        desk = set_up()
        window = DemoWindow(stage, desk)
        try:
            day = _Day(stage, window, out, say)
            report = day.play()
        finally:
            window.close()
            desk.close()
    wrong = [*_mismatches(report), *day.mismatches]
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
    if not unsent or confirmed != unsent:
        wrong.append(f"server_confirmed: {confirmed} of {unsent} that were unsent")
    return wrong


class _Day:
    """One day; `play` lives it. Attributes: `mismatches`, what the report itself cannot show."""

    def __init__(self, stage: Stage, window: DemoWindow, out: Path, say: Say) -> None:
        self._player = Player(stage, window, out, say)
        self._medicine = Medicine(self._player)
        self.mismatches: list[str] = []

    def play(self) -> dict[str, object]:
        self._player.window.resize(SIZE)
        self._player.window.show()
        self._unlock()
        self._medicine.reserve_days()
        self._medicine.pack_bag()
        self._ready_for_trip()
        self._lose_coverage()
        visited = self._visits()
        self._medicine.round()
        self._medicine.emergency()
        self._screenings(visited)
        self._rapid_test(visited)
        self._look_back(visited)
        self._medicine.count_in()
        return self._return_and_report()

    # --- the parts of the day

    def _unlock(self) -> None:
        self._player.say("Unlocking …")
        self._player.shoot("unlock")
        field = self._player.window.findChild(QLineEdit)
        assert field is not None
        QTest.keyClicks(field, "feil passfrase her")
        QTest.keyClick(field, Qt.Key.Key_Return)
        wait_until(lambda: field.isEnabled() and bool(field.selectedText()), "the refusal")
        self._player.shoot("unlock-refused")
        field.clear()
        QTest.keyClicks(field, PASSPHRASE)
        QTest.keyClick(field, Qt.Key.Key_Return)
        wait_until(lambda: self._player.window.workspace is not None, "the day page")
        wait_until(lambda: self._player.coordinator.online, "coverage")
        wait_until(lambda: not self._player.coordinator.running, "the first sync of the day")
        self._player.shoot("today")

    def _ready_for_trip(self) -> None:
        self._player.say("Ready for trip …")
        self._player.go("sync")
        wait_until(lambda: not self._player.coordinator.running, "a quiet line")
        self._player.shoot("ready-for-trip")

    def _lose_coverage(self) -> None:
        self._player.say("Coverage off …")
        press("demoCoverage")
        wait_until(lambda: not self._player.coordinator.online, "no coverage")
        self._player.go("today")
        self._player.shoot("today-without-coverage")

    def _visits(self) -> list[str]:
        """Two visits with signed notes; return the ids of the patients visited."""
        planned = [
            v
            for v in today.load(self._player.session, self._player.today).visits
            if v.encounter is None
        ]
        visited: list[str] = []
        for number, visit in enumerate(planned[:2]):
            self._player.say(f"Visit {number + 1} …")
            self._player.go(
                "visit", patient_id=visit.patient.id, appointment_id=visit.appointment.id
            )
            press("visitStart")
            type_into("noteEditor", _NOTES[number])
            wait_until(lambda: "lagret" in find(QLabel, "noteLine").text(), "the saved draft")
            self._player.shoot(f"visit-{number + 1}")
            press("noteSign")
            press("noteSignConfirm")
            press("visitFinish")
            self._player.shoot(f"visit-{number + 1}-signed")
            visited.append(visit.patient.id)
        return visited

    def _screenings(self, visited: list[str]) -> None:
        for patient_id, instrument in zip(visited, ("audit", "dudit"), strict=True):
            self._player.say(f"{instrument.upper()} …")
            self._player.go("screening", patient_id=patient_id, instrument=instrument)
            press(f"startInstrument_{instrument}")
            self._answer(instrument)
            self._player.shoot(f"{instrument}-summary")
            if is_there("stateAtCompletion_unaffected"):
                press("stateAtCompletion_unaffected")
            press("screeningComplete")
            wait_until(lambda: not is_there("screeningComplete"), "the completed form")
            self._player.shoot(f"{instrument}-result")

    def _answer(self, instrument: str) -> None:
        """The second answer to everything, the third to the first question."""
        asked = 0
        while not is_there("screeningComplete"):
            asked += 1
            if asked > 40:
                raise DemoError(f"{instrument} does not come to an end.")
            if asked == 4:
                self._player.shoot(f"{instrument}-question")
            press("option_2" if asked == 1 else self._second_option())
            shots.settle()

    def _second_option(self) -> str:
        return "option_1" if is_there("option_1") else "option_2"

    def _rapid_test(self, visited: list[str]) -> None:
        self._player.say("A rapid test …")
        self._player.go("rapid_test", patient_id=visited[0])
        for prefix in ("panel_", "specimen_", "supervised_", "reason_"):
            press(first_named(prefix))
        for name in self._readings():
            press(name)
        self._player.shoot("rapid-test")
        press("rapidTestSave")
        wait_until(lambda: self._receipt().rapid_tests == 1, "the saved test")
        self._player.shoot("rapid-test-saved")

    def _readings(self) -> list[str]:
        """The button for "negative" of every analyte, and "positive" for the first one."""
        first_named("reading_")
        negative = "_preliminary_negative"
        found = [
            button.objectName()
            for button in self._player.window.findChildren(QPushButton)
            if button.objectName().startswith("reading_") and button.objectName().endswith(negative)
        ]
        found[0] = found[0].replace(negative, "_preliminary_positive")
        return found

    def _look_back(self, visited: list[str]) -> None:
        self._player.go("patient", patient_id=visited[0])
        self._player.shoot("patient")
        self._player.go("patients")
        self._player.shoot("patients")
        self._player.go("sync")
        self._player.shoot("unsent")

    def _return_and_report(self) -> dict[str, object]:
        player = self._player
        player.say("Coverage on, sync …")
        unsent = [(item.kind, item.record_id) for item in sync_status.unsent(player.session)]
        before = sync_status.read(player.session)
        player.go("sync")
        press("demoCoverage")
        wait_until(lambda: player.coordinator.online, "coverage")
        wait_until(
            lambda: not player.coordinator.running and sync_status.read(player.session).all_sent,
            "everything sent",
        )
        player.shoot("sync-done")
        self._medicine.safety_item()
        player.go("today")
        player.shoot("today-evening")
        after = sync_status.read(player.session)
        counted = self._receipt()
        connection = player.window.connection
        assert connection is not None
        if connection.confirmed(list(counted.names)) != len(counted.names):
            self.mismatches.append("not every event and visit of the day is on the server")
        self.mismatches += self._medicine.mismatches()
        return {
            "patients": counted.patients,
            "visits_signed": counted.visits_signed,
            "handouts": counted.handouts,
            "screenings": counted.screenings,
            "rapid_tests": counted.rapid_tests,
            **self._medicine.figures(),
            "unsent_before_sync": before.waiting + before.parked,
            "unsent_after_sync": after.waiting + after.parked,
            "server_confirmed": connection.confirmed(unsent),
            "store_path": str(player.session.database.path),
            "screenshots": player.pictures,
        }

    def _receipt(self) -> DayReceipt:
        return receipt.of_day(self._player.session, self._player.today)
