"""The depot's part of the form: window, site and side, lot and expiry, how long it is watched."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from ui.handout.depot_state import DepotView
from ui.handout.form_state import InjectionSaid
from ui.handout.parts import LabelledRow, grow_with_width, offer
from ui.widgets import Banner, ChoiceRow, FlowLayout, FormField, Text, clear


class DepotPanel(QWidget):
    """Shows a DepotView and what was said about the injection; hidden without one.

    Signals:
        said(str, object): a field of `InjectionSaid` and what was chosen.
        typed(str, str): a field and its words.
    """

    said = Signal(str, object)
    typed = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: DepotView | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._home_warning = Banner("", "danger", self)
        self._window = Banner("", "neutral", self)
        self._texts = QVBoxLayout()
        self._texts.setSpacing(6)
        column.addWidget(self._home_warning)
        column.addWidget(self._window)
        column.addLayout(self._texts)
        self._site = self._row(self.tr("Sted"), "site")
        self._side = self._row(self.tr("Side"), "side")
        self._legal = self._row(self.tr("Grunnlag"), "legal_basis")
        column.addWidget(LabelledRow(self.tr("Sted"), self._site, self))
        self._resting = Banner("", "warn", self)
        column.addWidget(self._resting)
        self._side_row = LabelledRow(self.tr("Side"), self._side, self)
        column.addWidget(self._side_row)
        self._last = Text(parent=self, role="small")
        column.addWidget(self._last)
        fields = QWidget(self)
        flow = FlowLayout(fields, 12)
        grow_with_width(fields)
        self._editors = {
            "lot": self._editor("lot", "depotLot", ""),
            "expiry": self._editor("expiry", "depotExpiry", self.tr("mm.åååå")),
            "needle": self._editor("needle", "depotNeedle", ""),
            "observed": self._editor("observed", "depotObserved", self.tr("minutter")),
        }
        labels = {
            "lot": self.tr("Batchnummer (LOT)"),
            "expiry": self.tr("Utløpsdato"),
            "needle": self.tr("Kanyle (om ført)"),
            "observed": self.tr("Observert i minutter"),
        }
        for name, editor in self._editors.items():
            field = FormField(labels[name], editor, parent=fields)
            field.setMinimumWidth(160)
            flow.addWidget(field)
        column.addWidget(fields)
        self._observation = Text(parent=self, role="small")
        column.addWidget(self._observation)
        self._legal_row = LabelledRow(self.tr("Grunnlag"), self._legal, self)
        column.addWidget(self._legal_row)
        self._next = Text(parent=self, role="strong")
        self._next.setObjectName("depotNext")
        column.addWidget(self._next)

    def show_view(self, view: DepotView | None, said: InjectionSaid, *, new: bool) -> None:
        """Render. `new`: another event is being filled in."""
        self.setVisible(view is not None)
        if view is None:
            return
        if view != self._shown:
            self._shown = view
            self._render(view)
        self._site.choose(said.site)
        self._side.choose(said.side)
        self._legal.choose(said.legal_basis)
        chosen = next((site for site in view.sites if site.code == said.site), None)
        self._resting.say(chosen.resting if chosen is not None else "", "warn")
        if new:
            for name, editor in self._editors.items():
                editor.setText(getattr(said, name))

    def focus_missing(self, code: str) -> None:
        """Put the focus on what is missing, where it is one of these."""
        rows = {"site": self._site, "side": self._side}
        editors = {
            "lot": self._editors["lot"],
            "expiry": self._editors["expiry"],
            "observation": self._editors["observed"],
        }
        if code in rows and rows[code].buttons():
            rows[code].buttons()[0].setFocus()
        elif code in editors:
            editors[code].setFocus()

    def _render(self, view: DepotView) -> None:
        self._home_warning.say(view.home_warning, "danger")
        self._window.say(view.window, view.window_tone)
        clear(self._texts)
        for text in view.texts:
            self._texts.addWidget(Banner(text, "warn", self))
        offer(self._site, [(s.code, "", s.words, f"site_{s.code}") for s in view.sites])
        offer(self._side, [(code, "", words, f"side_{code}") for code, words in view.sides])
        offer(self._legal, [(code, "", words, f"legal_{code}") for code, words in view.legal_bases])
        self._legal_row.setVisible(bool(view.legal_bases))
        self._last.setText(view.last_site)
        self._last.setVisible(bool(view.last_site))
        self._observation.setText(view.observation)
        self._observation.setVisible(bool(view.observation))
        self._next.setText(view.next_due)

    def _row(self, label: str, field: str) -> ChoiceRow:
        row = ChoiceRow(label, parent=self)
        row.chosen.connect(lambda value: self.said.emit(field, value))
        return row

    def _editor(self, field: str, name: str, placeholder: str) -> QLineEdit:
        editor = QLineEdit(self)
        editor.setObjectName(name)
        editor.setPlaceholderText(placeholder)
        editor.textEdited.connect(lambda text: self.typed.emit(field, text))
        return editor
