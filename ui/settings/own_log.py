"""Mine oppslag: one's own newest lines of the access log, on this laptop."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from fieldapp.services import own_log
from ui.context import AppContext
from ui.log_words import reason_word, what_words
from ui.sync.state import when
from ui.widgets import Card, EmptyState, Row, RowList, Text

_MOST = 100


class OwnLogCard(Card):
    """Read anew each time the page is shown. Looking at one's own lines is not logged."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.heading.setText(self.tr("Mine oppslag"))
        self.heading.show()
        self._context = context
        words = self.tr(
            "Det du har åpnet og skrevet på denne maskinen. Linjene sendes til serveren ved hver "
            "synk, og kontrolleres der. Pasienten kan få se dem."
        )
        self.body.addWidget(Text(words, "muted", self))
        self.rows = RowList(self.tr("Mine oppslag"), self)
        self.rows.setObjectName("ownLog")
        self.body.addWidget(self.rows)
        self._none = EmptyState("list", self.tr("Ingen oppslag ennå"), "", self)
        self.body.addWidget(self._none)

    def show_lines(self) -> None:
        """Read the newest lines."""
        session = self._context.session
        now = session.clock.now()
        rows = [
            Row(
                id=str(number),
                title=" · ".join(part for part in (_first_upper(line), line.patient_name) if part),
                detail=" · ".join(
                    part for part in (when(line.at, now), reason_word(line.reason)) if part
                ),
                icon="list",
            )
            for number, line in enumerate(own_log.lines(session, _MOST))
        ]
        self.rows.set_rows(rows)
        self.rows.setVisible(bool(rows))
        self.rows.fit_height(8)
        self._none.setVisible(not rows)


def _first_upper(line: own_log.OwnLine) -> str:
    words = what_words(line.action, line.kind)
    return words[:1].upper() + words[1:]
