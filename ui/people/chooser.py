"""Hvem er du? The people with a store on this laptop; each store is closed to the others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from ui.people.front import FrontPage
from ui.people.state import Known, person_row
from ui.widgets import FlowLayout, QuietButton, RowList, SecondaryButton, Text

_SHOWN = 6


class ChooserPage(FrontPage):
    """Enter or a click on a name chooses it.

    Signals:
        chosen(str): this person's unlock page is wanted.
        add_wanted(): somebody sits here who has no store yet.
        send_wanted(): somebody wants to send for a colleague.
    """

    chosen = Signal(str)
    add_wanted = Signal()
    send_wanted = Signal()

    def __init__(
        self, people: Sequence[Known], now: datetime, parent: QWidget | None = None
    ) -> None:
        super().__init__("users", "", parent)
        self.title.setText(self.tr("Hvem er du?"))
        self.column.addWidget(
            Text(
                self.tr(
                    "Hver bruker har sitt eget krypterte lager på denne maskinen. Ingen kan lese "
                    "det de andre har skrevet."
                ),
                "muted",
                self.card,
            )
        )
        self.rows = _list(people, now, self)
        self.column.addWidget(self.rows)
        self.add = SecondaryButton(
            self.tr("Legg til en person …"), self.card, icon="user-plus", name="peopleAdd"
        )
        self.add.clicked.connect(self.add_wanted)
        self.send = QuietButton(self.tr("Send for en kollega …"), self.card)
        self.send.setObjectName("peopleSend")
        self.send.setVisible(bool(people))
        self.send.clicked.connect(self.send_wanted)
        more = FlowLayout(None, 8)
        more.addWidget(self.add)
        more.addWidget(self.send)
        self.column.addLayout(more)
        self.rows.activated_id.connect(self.chosen)

    def focus_field(self) -> None:
        """Put the focus on the list."""
        self.rows.setFocus(Qt.FocusReason.OtherFocusReason)


class SendChooserPage(FrontPage):
    """Hvem skal det sendes for? Asked before the recovery key is.

    Signals:
        chosen(str): what this person has unsent shall be sent.
        back_wanted(): nobody's.
    """

    chosen = Signal(str)
    back_wanted = Signal()

    def __init__(
        self, people: Sequence[Known], now: datetime, parent: QWidget | None = None
    ) -> None:
        super().__init__("upload", "", parent)
        self.title.setText(self.tr("Hvem skal det sendes for?"))
        self.column.addWidget(
            Text(
                self.tr(
                    "For en kollega som er syk eller har sluttet, og som har noe usendt her. "
                    "Gjenopprettingsansvarlig sender det med kollegaens gjenopprettingsnøkkel. "
                    "Ingenting kan leses."
                ),
                "muted",
                self.card,
            )
        )
        self.rows = _list(people, now, self)
        self.column.addWidget(self.rows)
        self.back = SecondaryButton(
            self.tr("Tilbake"), self.card, icon="arrow-left", name="peopleBack"
        )
        self.back.clicked.connect(self.back_wanted)
        more = FlowLayout(None, 8)
        more.addWidget(self.back)
        self.column.addLayout(more)
        self.rows.activated_id.connect(self.chosen)

    def focus_field(self) -> None:
        """Put the focus on the list."""
        self.rows.setFocus(Qt.FocusReason.OtherFocusReason)


def _list(people: Sequence[Known], now: datetime, page: FrontPage) -> RowList:
    rows = RowList(page.tr("Brukere på denne maskinen"), page.card)
    rows.setObjectName("peopleList")
    rows.set_rows([person_row(one, now) for one in people], select_first=True)
    rows.fit_height(_SHOWN)
    return rows
