"""The giver's hand on the page, and what is in the store afterwards."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from fieldapp.domain.medication import (
    HandoutStatus,
    MedicationAdministration,
    MedicationRequest,
    Part,
)
from fieldapp.store import records
from tests.helpers.ward import AASE, BERIT, TODAY, Ward, at
from ui.handout.page import HandoutPage
from ui.shots import settle

MORNING = at(TODAY, 8, 55)


def events(ward: Ward) -> list[MedicationAdministration]:
    """Everything recorded in slots of today, in the order of the device."""
    found = records.select(
        ward.session.database, MedicationAdministration, "day = ?", (TODAY.isoformat(),)
    )
    return sorted(found, key=lambda event: event.sequence)


def press(page: HandoutPage, keys: str) -> None:
    """Press single keys wherever the focus is, as a person does."""
    for key in keys:
        target = QApplication.focusWidget()
        assert target is not None
        assert page.isAncestorOf(target), "the focus has left the page"
        QTest.keyClicks(target, key)


def button(page: QWidget, name: str) -> QPushButton:
    settle()
    found = [item for item in page.findChildren(QPushButton, name) if item.isVisible()]
    assert found, f"no visible button {name}"
    return found[0]


def offered(page: QWidget, name: str) -> bool:
    settle()
    return any(item.isVisible() for item in page.findChildren(QPushButton, name))


def said(page: QWidget) -> str:
    """All words on the page that somebody can see."""
    settle()
    return "\n".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def wait_out_double_click(page: HandoutPage) -> None:
    page._settling.timeout.emit()
    page._settling.stop()


def colleagues_dose(**changes: object) -> MedicationAdministration:
    """A dose that Berit gave on her own laptop."""
    values: dict[str, object] = {
        "id": "h-colleague",
        "patient_id": AASE,
        "request_id": "r-aase",
        "request_revision": 1,
        "day": TODAY,
        "part": Part.MORNING,
        "status": HandoutStatus.GIVEN,
        "given_at": MORNING,
        "recorded_at": MORNING,
        "author_id": BERIT.id,
        "device_id": "d-2",
        "sequence": 900,
        "dose_mg": Decimal(85),
        "dose_ml": Decimal("42.5"),
        "witnessed": True,
    }
    return MedicationAdministration(**{**values, **changes})  # type: ignore[arg-type]


def orders_of(ward: Ward, order_id: str) -> MedicationRequest:
    found = records.get(ward.session.database, MedicationRequest, order_id)
    assert found is not None
    return found
