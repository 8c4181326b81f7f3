"""The calendar on a real store: keys, table, looks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.a11y import audit, clipped
from tests.helpers.medicine_days import ODD, ago, dose, fill
from tests.helpers.pages import make_context
from tests.helpers.ward import TODAY, Ward, receive
from tests.helpers.windows import LOOKS, show_active
from ui.calendar import MedicineCalendar
from ui.context import AppContext
from ui.tasks import TaskRunner
from ui.theme import Scheme, Theme
from ui.widgets import ScrollColumn
from ui.workspace import Workspace


@pytest.fixture
def context(ward: Ward, tasks: TaskRunner, theme: Theme) -> AppContext:
    fill(ward)
    return make_context(ward.session, tasks, theme)


class Host(ScrollColumn):
    """Stands for the page. Attribute: `calendar`."""

    def __init__(self, context: AppContext) -> None:
        super().__init__("Side")
        self.setObjectName("page")
        self.calendar = MedicineCalendar(context, self)
        self.body.addWidget(self.calendar)


@pytest.fixture
def host(qtbot: QtBot, context: AppContext) -> Host:
    made = Host(context)
    qtbot.addWidget(made)
    show_active(qtbot, made)
    made.calendar.show_patient(ODD)
    return made


@pytest.fixture
def calendar(host: Host) -> MedicineCalendar:
    return host.calendar


def table_texts(calendar: MedicineCalendar) -> list[str]:
    model = calendar.table.model()
    return [
        str(model.index(row, column).data())
        for row in range(model.rowCount())
        for column in range(model.columnCount())
    ]


def test_today_is_chosen_at_first_and_told(calendar: MedicineCalendar) -> None:
    assert calendar.picture.day == TODAY
    assert calendar.chosen.text().startswith("Mandag 23. november (i dag)")


def test_arrows_move_in_the_picture_and_the_table_follows(
    calendar: MedicineCalendar, qtbot: QtBot
) -> None:
    calendar.picture.setFocus()
    QTest.keyClick(calendar.picture, Qt.Key.Key_Left)
    assert calendar.picture.day == ago(1)
    QTest.keyClick(calendar.picture, Qt.Key.Key_Up)
    assert calendar.picture.day == ago(8)
    QTest.keyClick(calendar.picture, Qt.Key.Key_Home)
    assert calendar.picture.day == TODAY - timedelta(days=14)
    QTest.keyClick(calendar.picture, Qt.Key.Key_End)
    assert calendar.picture.day == ago(8)
    row = calendar.table.currentIndex().row()
    assert calendar.table.model().index(row, 0).data() == "søn\u00a015.\u00a0nov"
    assert "Overvåket" in calendar.picture.accessibleDescription()


def test_a_row_of_the_table_chooses_its_day_in_the_picture(calendar: MedicineCalendar) -> None:
    calendar.table.selectRow(0)
    assert calendar.picture.day == TODAY - timedelta(days=21)


def test_picture_and_table_say_the_same(calendar: MedicineCalendar) -> None:
    texts = " ".join(table_texts(calendar))
    for said in ("Overvåket", "Med hjem", "Depotsprøyte", "Dekket", "Ikke gitt", "Ukjent"):
        assert said in texts
    assert "Berit Åsheim har døgnet" in texts
    name = calendar.picture.accessibleName()
    assert "depotsprøyte 1" in name
    assert "ukjent 1" in name


def test_page_up_shows_earlier_weeks_and_page_down_comes_back(
    calendar: MedicineCalendar, qtbot: QtBot
) -> None:
    assert not calendar.later.isEnabled()
    QTest.keyClick(calendar.picture, Qt.Key.Key_PageUp)
    assert calendar.later.isEnabled()
    assert calendar.picture.day is not None
    assert calendar.picture.day < TODAY - timedelta(days=21)
    QTest.keyClick(calendar.picture, Qt.Key.Key_PageDown)
    assert not calendar.later.isEnabled()
    QTest.keyClick(calendar.picture, Qt.Key.Key_PageDown)  # nothing is newer
    assert not calendar.later.isEnabled()


def test_a_new_dose_is_shown_and_the_place_is_kept(calendar: MedicineCalendar, ward: Ward) -> None:
    calendar.table.selectRow(0)
    place = calendar.picture.day
    receive(ward.session, [dose(TODAY)])
    calendar.show_patient(ODD)
    assert calendar.picture.day == place
    assert table_texts(calendar).count("Overvåket") == 8


def test_a_patient_without_medicine_has_an_empty_calendar(calendar: MedicineCalendar) -> None:
    calendar.show_patient("p-elin")
    assert not calendar.picture.isVisible()
    assert calendar._empty.isVisible()


def test_the_patient_page_shows_it_beside_the_orders(workspace: Workspace, ward: Ward) -> None:
    fill(ward)
    workspace.navigate("patient", patient_id=ODD, tab="medication")
    found = workspace.findChildren(MedicineCalendar)
    assert len(found) == 1
    assert found[0].picture.isVisibleTo(workspace)


@pytest.mark.parametrize(("scheme", "scale"), LOOKS)
def test_it_is_readable_in_every_look(
    qtbot: QtBot, context: AppContext, theme: Theme, scheme: Scheme, scale: int
) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, scheme, scale)
    host = Host(context)
    qtbot.addWidget(host)
    show_active(qtbot, host)
    host.calendar.show_patient(ODD)
    made = host.calendar
    qtbot.waitUntil(lambda: not clipped(made))
    assert audit(made) == []
    assert made.picture.height() >= made.picture.sizeHint().height()
    # Beside the list of the round, at large text: wider, and its right side would be cut off.
    assert made.minimumSizeHint().width() <= 620
