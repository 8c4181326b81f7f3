"""What must be seen about one patient: safety items, and critical or other facts in conflict."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from fieldapp.services import conflicts, issues
from fieldapp.services.conflicts import Conflict
from fieldapp.services.issues import IssueView
from ui.context import AppContext
from ui.sync.conflict_dialog import ConflictDialog
from ui.sync.issue_dialog import IssueDialog, issue_title
from ui.widgets import Banner, SecondaryButton, clear
from ui.words import kind_word


class PatientNotices(QWidget):
    """One line each, with a button to what can be done about it. Takes no room without any."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._shown: tuple[object, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
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
        clear(self._column)
        for view in found:
            self._column.addWidget(self._issue_line(view))
        for conflict in clashes:
            self._column.addWidget(self._conflict_line(conflict))
        self.setVisible(bool(found or clashes))

    def _issue_line(self, view: IssueView) -> Banner:
        line = Banner(issue_title(view.issue.code), "danger", self)
        button = SecondaryButton(self.tr("Se saken"), line, icon="shield-alert", name="openIssue")
        button.clicked.connect(lambda: IssueDialog(self._context, view, self.window()).open())
        line.add_button(button)
        return line

    def _conflict_line(self, conflict: Conflict) -> Banner:
        said = self.tr("{what}: endret to steder. Begge sider vises til noen har valgt.").format(
            what=kind_word(conflict.kind)
        )
        line = Banner(said, "warn", self)
        button = SecondaryButton(self.tr("Velg"), line, name="openConflict")
        button.setAccessibleName(
            self.tr("Velg hva som gjelder: {what}").format(what=kind_word(conflict.kind))
        )
        button.clicked.connect(
            lambda: ConflictDialog(self._context, conflict, self.window()).open()
        )
        line.add_button(button)
        return line
