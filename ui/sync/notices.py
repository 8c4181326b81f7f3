"""What must be seen about one patient: safety items, and what was changed in two places."""

from __future__ import annotations

from PySide6.QtWidgets import QSizePolicy, QWidget

from fieldapp.services import conflicts, issues
from fieldapp.services.conflicts import Conflict
from fieldapp.services.issues import IssueView
from ui.context import AppContext
from ui.sync.conflict_dialog import ConflictDialog
from ui.sync.issue_dialog import IssueDialog, issue_title
from ui.widgets import FlowLayout, Pill, clear
from ui.words import kind_word


class PatientNotices(QWidget):
    """A pill for each safety item and one for all conflicts; a press opens what can be done.

    Takes no room without any.
    """

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._shown: tuple[object, ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._flow = FlowLayout(self, 8)
        self.hide()

    def show_patient(self, patient_id: str | None) -> None:
        """Show what stands open about a patient. The same again is left as it is, so that a
        button keeps the focus."""
        session = self._context.session
        found = issues.open_items(session, patient_id) if patient_id else []
        clashes = conflicts.of(session, patient_id) if patient_id else []
        shown = (patient_id, tuple(v.issue for v in found), tuple(c.change_id for c in clashes))
        if shown == self._shown:
            return
        self._shown = shown
        clear(self._flow)
        for view in found:
            self._flow.addWidget(self._issue_pill(view))
        if clashes:
            self._flow.addWidget(self._conflict_pill(clashes))
        self.setVisible(bool(found or clashes))

    def _issue_pill(self, view: IssueView) -> Pill:
        pill = Pill("shield-alert", issue_title(view.issue.code), "danger", self)
        pill.setToolTip(self.tr("Åpne sikkerhetssaken"))
        pill.clicked.connect(lambda: IssueDialog(self._context, view, self.window()).open())
        return pill

    def _conflict_pill(self, clashes: list[Conflict]) -> Pill:
        said = self.tr("Endret to steder: {what}").format(what=kind_word(clashes[0].kind).lower())
        if len(clashes) > 1:
            said = self.tr("{count} ting er endret to steder").format(count=len(clashes))
        pill = Pill("circle-alert", said, "warn", self)
        pill.setToolTip(self.tr("Velg hva som gjelder"))
        pill.clicked.connect(
            lambda: ConflictDialog(self._context, clashes[0], self.window()).open()
        )
        return pill
