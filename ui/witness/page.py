"""Kontrasignering: the first page of somebody who signs with others and reads no journal."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from fieldapp.domain.changes import ChangeSet
from ui.context import AppContext
from ui.page import Page
from ui.widgets import Card, EmptyState, PageHeader, ScrollColumn, Text
from ui.witness.code_card import WitnessCodeCard
from ui.witness.waiting_card import KINDS, WaitingCard


class WitnessPage(Page):
    """What waits for one's signature, how one signs, and one's own code."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("page")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        scroll = ScrollColumn(self.tr("Kontrasignering"), self)
        outer.addWidget(scroll)
        scroll.body.addWidget(PageHeader(self.tr("Kontrasignering"), parent=self))
        self.waiting = WaitingCard(context, self)
        scroll.body.addWidget(self.waiting)
        self._none = EmptyState(
            "circle-check",
            self.tr("Ingenting venter på deg"),
            self.tr("Når en kollega har ført deg som vitne, står det her."),
            self,
        )
        scroll.body.addWidget(self._none)
        how = Card(self.tr("Slik signerer du"), self)
        for line in (
            self.tr("Du signerer med din egen kode på maskinen til den som deler ut."),
            self.tr("Signer bare det du selv ser. Koden deler du aldri med noen."),
            self.tr("Journaler vises ikke for rollen din, og det trengs ikke for å signere."),
        ):
            how.body.addWidget(Text(line, "", how))
        scroll.body.addWidget(how)
        self.code = WitnessCodeCard(context, parent=self)
        scroll.body.addWidget(self.code)
        scroll.body.addStretch(1)

    def show_for(self, **args: object) -> None:
        del args
        self._show()
        self.setFocus()

    def refresh(self, change_set: ChangeSet) -> None:
        if change_set.touches(kinds=KINDS | {"witness_code"}):
            self._show()

    def _show(self) -> None:
        self.waiting.show_waiting()
        self._none.setVisible(not self.waiting.rows)
        self.code.show_code()
