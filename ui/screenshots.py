"""`run.py screenshots DIR`: every page, light and dark, at 100 % and 200 % text, as PNG.

The pictures come from the running window on the demo's made-up team, so they can be made again.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QDialog, QPushButton, QWidget

from fieldapp.bootstrap import Door, KeyDue, door_for
from fieldapp.clock import SystemClock
from fieldapp.domain.codec import to_body
from fieldapp.domain.device_orders import DeviceOrderKind
from fieldapp.services import patients, sheets, today
from fieldapp.services.conflicts import Conflict, Side
from ui import shots
from ui.app import Desk, make_sync, set_up
from ui.calendar import MedicineCalendar
from ui.demo.colleagues import meet_trouble, office_door
from ui.demo.hand import is_there, press, wait_until
from ui.demo.handout_scenes import take_handout
from ui.demo.stage import PASSPHRASE, DemoError, Stage, first_sync, set_stage
from ui.demo.window import DemoWindow
from ui.imports.page import ImportsPage
from ui.leaving.closed import ClosedPart
from ui.leaving.gone_page import GonePage
from ui.main_window import MainWindow
from ui.office.breach_dialog import BreachDialog
from ui.office.closing_dialog import ClosingDialog
from ui.office.overview_tab import OverviewTab
from ui.office.page import OfficePage
from ui.office.state import sections
from ui.page import Page
from ui.people.chooser import ChooserPage
from ui.people.send_page import SendPage
from ui.people.state import Known
from ui.recovery.help_page import HelpPage
from ui.setup.page import SetupPage
from ui.sync.conflict_dialog import ConflictDialog
from ui.sync.page import SyncPage
from ui.theme import Scheme
from ui.workspace import Workspace

SIZE = QSize(1366, 768)
_PIN = "482915"
_HELP = ("forgotten", "device_secret_missing", "db_damaged")
LOOKS = [(scheme, scale) for scheme in (Scheme.LIGHT, Scheme.DARK) for scale in (100, 200)]

_LIST = (
    "Etternavn;Fornavn;Fødselsnummer;Adresse;Postnr;Poststed;Telefon\n"
    "Ødegård;Åse;17858512387;Storgata 1;2995;Øvre Skardlia;40000001\n"
    "Nilsen;Per;03917224098;Lia 4;2995;Øvre Skardlia;40000002\n"
    "Hansen;Kari;12884831048;Lia 6;2995;Øvre Skardlia;40000003\n"
    ";Ola;29820477535;Lia 8;299;Øvre Skardlia;40000004\n"
)


class Camera:
    """Takes every page in the look in force. `out` gets one folder per look."""

    def __init__(
        self, stage: Stage, window: DemoWindow, office_door: Door, desk: Desk, out: Path
    ) -> None:
        self._stage = stage
        self._office_door = office_door
        self._office = MainWindow(office_door, desk.tasks, desk.theme, make_sync)
        self._window = window
        self._desk = desk
        self._out = out
        self._folder = out
        self.count = 0

    def take_all(self, scheme: Scheme, scale: int) -> None:
        self._folder = self._out / f"{scheme.value}-{scale}"
        self._desk.theme.apply(self._desk.app, scheme, scale)
        self._unlock()
        patient_id, appointment_id = self._next_visit()
        self._pages(patient_id)
        self._work(patient_id, appointment_id)
        self._key_banner()
        self._closed_by_lease(patient_id)
        self._locked_with_pin()
        self._window.lock()
        self._before_the_store()
        self._office_pages()
        self._first_start()

    def close(self) -> None:
        """Close the office's window; the other one is its owner's."""
        self._office.close()

    # --- the pages

    def _unlock(self) -> None:
        self._window.resize(SIZE)
        self._window.show()
        # The page of a first start took the keyboard; the focus ring belongs on the pictures.
        self._window.activateWindow()
        self._shoot("unlock")
        self._stage.door.unlock(PASSPHRASE)
        # The person's own look is stored; here the camera decides.
        scheme, scale = self._desk.theme.scheme, self._desk.theme.scale
        self._window.enter()
        if (self._desk.theme.scheme, self._desk.theme.scale) != (scheme, scale):
            self._desk.theme.apply(self._desk.app, scheme, scale)
        coordinator = self._window.coordinator
        assert coordinator is not None
        wait_until(lambda: coordinator.online and not coordinator.running, "a quiet line")

    def _pages(self, patient_id: str) -> None:
        self._page("today")
        self._page("patients")
        self._dialog_on(self._window, "openOthers", "open-others")
        for tab in ("overview", "medication", "screening", "notes", "contacts"):
            self._page("patient", f"patient-{tab}", patient_id=patient_id, tab=tab)
        self._page("handout")
        take_handout(lambda widget, name: self._shoot_widget(widget or self._window, name))
        self._window.activateWindow()
        self._page("sync")
        self._days_and_paper(patient_id)
        self._page("settings")
        self._page("imports")
        page = self._workspace.page
        assert isinstance(page, ImportsPage)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "liste.csv"
            file.write_text(_LIST, encoding="utf-8")
            page.open_file(file)
        self._shoot("imports-preview")

    def _days_and_paper(self, patient_id: str) -> None:
        """The calendar of a patient, the days to reserve, and the round on paper."""
        self._workspace.navigate("patient", patient_id=patient_id, tab="medication")
        shots.settle()
        calendar = self._workspace.findChild(MedicineCalendar)
        assert calendar is not None
        self._shoot_widget(calendar, "calendar")
        self._workspace.navigate("sync")
        shots.settle()
        page = self._workspace.page
        assert isinstance(page, SyncPage)
        self._shoot_widget(page.claims, "claims")
        self._dialog("sync", "sheetPrint", "sheet-print")
        session = self._workspace.context.session
        found = sheets.open_sheets(session)
        if not found and sheets.draft(session, 1).planned:
            sheets.print_sheet(session, 1)
            found = sheets.open_sheets(session)
        if found:
            self._page("sheets", sheet_id=found[0].sheet.id)

    def _work(self, patient_id: str, appointment_id: str) -> None:
        self._page("visit", patient_id=patient_id, appointment_id=appointment_id)
        self._page("screening", patient_id=patient_id)
        press("startInstrument_dudit")
        self._shoot("screening-question")
        self._leave_question()
        self._page("rapid_test", patient_id=patient_id)
        self._dialog("today", "planVisit", "plan-visit")
        self._dialog("patients", "newPatient", "new-patient")
        self._dialog("patient", "wishChange", "wish", patient_id=patient_id, tab="medication")
        self._conflict(patient_id)

    def _conflict(self, patient_id: str) -> None:
        """Two sides of a patient's facts, as the dialog shows them; nothing of it is stored."""
        context = self._workspace.context
        session, now = context.session, context.session.clock.now()
        patient = patients.page(session, patient_id).patient
        theirs = replace(patient, phone="400 00 222", address="Storgata 14")
        conflict = Conflict(
            change_id="picture",
            kind="patient",
            record_id=patient_id,
            patient_id=patient_id,
            patient_name=patient.name,
            fields=("phone", "address"),
            mine=to_body(patient),
            servers=to_body(theirs),
            here=Side(session.user.name, now - timedelta(minutes=20)),
            there=Side("Berit Åsheim", now - timedelta(hours=3), "Feltlaptop 2"),
        )
        dialog = ConflictDialog(context, conflict, self._window)
        dialog.open()
        shots.settle()
        self._shoot_widget(dialog, "conflict")
        dialog.reject()
        shots.settle()
        self._window.activateWindow()

    def _office_pages(self) -> None:
        """The office, on its own laptop, against the same server."""
        window = self._office
        window.resize(SIZE)
        window.show()
        window.activateWindow()
        self._office_door.unlock(PASSPHRASE)
        scheme, scale = self._desk.theme.scheme, self._desk.theme.scale
        window.enter()
        self._desk.theme.apply(self._desk.app, scheme, scale)
        workspace = window.workspace
        assert workspace is not None
        for name in sections(workspace.context.session.user.role):
            workspace.navigate("office", tab=name)
            page = workspace.page
            assert isinstance(page, OfficePage)
            assert page.tab is not None
            wait_until(page.tab.is_quiet, f"the office's {name}")
            page.tab.focus_first()
            self._shoot_widget(window, f"office-{name}")
        workspace.navigate("office", tab="overview")
        self._choose_another_laptop(workspace)
        self._dialog_on(window, "laptopRevoke", "office-closing")
        self._breach_report(window)
        window.lock()
        window.hide()
        self._window.activateWindow()

    def _dialog_on(self, window: MainWindow, button: str, name: str) -> None:
        found = window.findChild(QPushButton, button)
        assert found is not None
        wait_until(found.isVisible, f"{button} visible")
        found.click()
        wait_until(lambda: bool(self._open_dialogs()), f"the dialog of {button}")
        dialog = self._open_dialogs()[0]
        if isinstance(dialog, ClosingDialog):
            wait_until(dialog.confirm_button.isEnabled, "the checklist")
        self._shoot_widget(dialog, name)
        dialog.reject()
        shots.settle()

    # --- locks, ways in, and the end

    def _locked_with_pin(self) -> None:
        """The short lock and its PIN; the return leads to the same page."""
        door = self._stage.door
        door.set_pin(_PIN)
        self._window.lock()
        self._window.activateWindow()
        self._shoot("unlock-pin")
        door.unlock_with_pin(_PIN)
        door.drop_pin()
        self._window.enter()

    def _key_banner(self) -> None:
        rescue = self._stage.door.rescue
        rescue.mark_key_due(KeyDue.UNPROVED)
        self._workspace.key_banner.show_now()
        self._page("today", "key-banner")
        rescue.key_proved()
        self._workspace.key_banner.show_now()

    def _closed_by_lease(self, patient_id: str) -> None:
        """What stands where the lease has closed a patient. Nothing of the store is changed."""
        session = self._workspace.context.session
        closed = ClosedPart(self._workspace.context)
        closed.say_patient(patients.page(session, patient_id).patient, session.today())
        self._shoot_alone(closed, "lease-closed")

    def _before_the_store(self) -> None:
        """The pages that stand where the unlock page does."""
        door, tasks, now = self._stage.door, self._desk.tasks, SystemClock().now()
        known = [Known(door.username, now), Known("berit", now - timedelta(days=1))]
        self._shoot_alone(ChooserPage(known, now), "chooser")
        self._shoot_alone(SendPage(door.username, door, tasks), "send")
        for code in _HELP:
            self._shoot_alone(HelpPage(door, tasks, code), f"help-{code.replace('_', '-')}")
        paper = HelpPage(door, tasks, _HELP[0])
        paper.show_paper(door.rescue.offer_recovery_key())
        self._shoot_alone(paper, "key-paper")
        for kind in DeviceOrderKind:
            self._shoot_alone(GonePage(kind), f"gone-{kind.value}")

    def _choose_another_laptop(self, workspace: Workspace) -> None:
        """Nobody closes the laptop that they sit at, so its card has no such button."""
        page = workspace.page
        assert isinstance(page, OfficePage)
        tab = page.tab
        assert isinstance(tab, OverviewTab)
        wait_until(tab.is_quiet, "the office's overview")
        model, own = tab.rows.model(), workspace.context.session.device_id
        for number in range(model.rowCount()):
            tab.rows.setCurrentIndex(model.index(number, 0))
            if tab.chosen is not None and tab.chosen.device_id not in {None, own}:
                return

    def _breach_report(self, window: MainWindow) -> None:
        found = window.findChild(QPushButton, "laptopReport")
        assert found is not None
        wait_until(found.isVisible, "laptopReport visible")
        found.click()
        wait_until(lambda: bool(self._open_dialogs()), "the dialog of the report")
        dialog = self._open_dialogs()[0]
        assert isinstance(dialog, BreachDialog)
        dialog.reason.setText("Melding om brudd")
        dialog.try_accept()
        wait_until(lambda: dialog.answer is not None, "the report")
        self._shoot_widget(dialog, "breach-report")
        dialog.reject()
        shots.settle()

    def _shoot_alone(self, widget: QWidget, name: str) -> None:
        """A page that stands in no window, at the window's size."""
        shots.shoot(widget, self._folder / f"{name}.png", SIZE)
        self.count += 1
        widget.close()
        widget.deleteLater()
        shots.settle()

    def _leave_question(self) -> None:
        """Put the form away so that the next look begins at the same place."""
        press("screeningAway")
        shots.settle()
        if is_there("screeningDiscard"):
            press("screeningDiscard")
            shots.settle()
            if is_there("dialogConfirm"):
                press("dialogConfirm")

    def _dialog(self, page: str, button: str, name: str, **args: object) -> None:
        self._workspace.navigate(page, **args)
        shots.settle()
        press(button)
        shots.settle()
        dialogs = self._open_dialogs()
        if not dialogs:
            raise DemoError(f"{button} opened no dialog.")
        shots.shoot(dialogs[0], self._folder / f"{name}.png")
        self.count += 1
        dialogs[0].reject()
        shots.settle()
        self._window.activateWindow()

    def _first_start(self) -> None:
        page = SetupPage(lambda name: door_for(name, self._out), self._desk.tasks)
        self._shoot_widget(page, "first-start")
        page.close()
        page.deleteLater()
        shots.settle()

    # --- helps

    def _open_dialogs(self) -> list[QDialog]:
        return [
            widget
            for widget in QApplication.topLevelWidgets()
            if isinstance(widget, QDialog) and widget.isVisible()
        ]

    @property
    def _workspace(self) -> Workspace:
        assert self._window.workspace is not None
        return self._window.workspace

    def _next_visit(self) -> tuple[str, str]:
        session = self._workspace.context.session
        day = today.load(session, session.today())
        with_dose = {dose.patient.id for dose in day.doses}
        # A patient with medicine, tests and a visit shows most of every page.
        visit = next((v for v in day.visits if v.patient.id in with_dose), day.visits[0])
        return visit.patient.id, visit.appointment.id

    def _page(self, page: str, name: str = "", **args: object) -> None:
        self._workspace.navigate(page, **args)
        shown: Page | None = self._workspace.page
        assert shown is not None
        self._shoot(name or page)

    def _shoot(self, name: str) -> None:
        self._shoot_widget(self._window, name)

    def _shoot_widget(self, widget: QWidget, name: str) -> None:
        size = SIZE if isinstance(widget, SetupPage) else None
        shots.shoot(widget, self._folder / f"{name}.png", size)
        self.count += 1


def make(out: Path, say: Callable[[str], None]) -> int:
    """Make all pictures in `out` and return how many there are."""
    with (
        tempfile.TemporaryDirectory() as folder,
        set_stage(Path(folder) / "demo", SystemClock(), say) as stage,
    ):
        first_sync(stage, say)
        say("Setting up the office …")
        office = office_door(stage)
        meet_trouble(stage)
        desk = set_up()
        window = DemoWindow(stage, desk)
        try:
            camera = Camera(stage, window, office, desk, out)
            for scheme, scale in LOOKS:
                say(f"{scheme.value}, {scale} % …")
                camera.take_all(scheme, scale)
            camera.close()
            return camera.count
        finally:
            window.close()
            desk.close()


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="run.py screenshots")
    parser.add_argument("out", type=Path, metavar="DIR")
    options = parser.parse_args(words)
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    try:
        count = make(options.out, lambda text: print(text, flush=True))
    except DemoError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{count} pictures in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
