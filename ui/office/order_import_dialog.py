"""Orders from a CSV file: every mistake is shown first, and all rows wait or none."""

from __future__ import annotations

import base64
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from sync.client.office_messages import ImportOrdersAnswer, ImportOrdersRequest
from ui.context import AppContext
from ui.office.desk import OfficeDesk
from ui.office.order_words import doses_text, file_problem_text, import_rows, import_summary
from ui.office.order_words import read_body as read_order
from ui.office.reasons import not_done_text
from ui.widgets import Dialog, Row, RowList, SecondaryButton, Text, row_of

LARGEST_FILE = 2_000_000
"""Bytes: far more than the rows that one file may have."""


class OrderImportDialog(Dialog):
    """The first confirmation is only possible when no row is wrong.

    Signals:
        stored(int): so many orders wait for a second person now.
    """

    WIDTH = 760

    stored = Signal(int)

    def __init__(
        self, context: AppContext, desk: OfficeDesk, parent: QWidget | None = None
    ) -> None:
        super().__init__("", "", parent)
        title = self.tr("Les inn ordinasjoner fra CSV")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Legg til godkjenning"))
        self._context, self._desk = context, desk
        self._data, self._file_name, self._file_id = b"", "", ""
        self._answer: ImportOrdersAnswer | None = None
        self._busy = False
        self.body.addWidget(
            Text(
                self.tr(
                    "Overskrifter i første rad: Fødselsnummer, Legemiddel, ATC, Form, Styrke, "
                    "Morgen, Kveld, Ukedager, Sted, Gjelder fra, Forskriver. Hver rad må "
                    "godkjennes av en annen person."
                ),
                "muted",
                self,
            )
        )
        self.choose = SecondaryButton(
            self.tr("Velg fil …"), self, icon="upload", name="orderImportChoose"
        )
        self.choose.clicked.connect(self._choose_file)
        self._name = Text("", "strong", self)
        self.body.addLayout(row_of(self.choose, self._name, None))
        self.summary = Text("", "", self)
        self.body.addWidget(self.summary)
        self.problems = RowList(self.tr("Feil og varsler i filen"), self)
        self.problems.setObjectName("orderImportProblems")
        self.rows = RowList(self.tr("Ordinasjoner i filen"), self)
        self.rows.setObjectName("orderImportRows")
        for part in (self.problems, self.rows):
            part.hide()
            self.body.addWidget(part)
        self.body.addStretch(1)
        self.confirm_button.setEnabled(False)
        self.choose.setFocus()

    def open_file(self, path: Path) -> None:
        """Have the server look through a file; nothing is stored."""
        try:
            size = path.stat().st_size
            data = path.read_bytes() if size <= LARGEST_FILE else b""
        except OSError:
            self._refuse(self.tr("Filen kan ikke leses. Ingenting er lest inn."))
            return
        if size > LARGEST_FILE:
            self._refuse(self.tr("Filen er for stor. Ingenting er lest inn."))
            return
        self._data, self._file_name = data, path.name
        self._file_id = self._context.session.new_id()
        self._name.setText(path.name)
        self._ask(store=False)

    def try_accept(self) -> None:
        """Let every row wait, once."""
        if self._busy or self._answer is None or not self.confirm_button.isEnabled():
            return
        self._ask(store=True)

    def _ask(self, *, store: bool) -> None:
        self._busy = True
        self.confirm_button.setEnabled(False)
        request = ImportOrdersRequest(
            id=self._file_id,
            file_name=self._file_name[:200],
            data=base64.b64encode(self._data).decode("ascii"),
            store=store,
        )
        self._desk.ask(lambda service: service.import_orders(request), self._show, self._fail)

    def _show(self, answer: ImportOrdersAnswer) -> None:
        self._busy = False
        if answer.stored:
            count = len(self._answer.rows) if self._answer is not None else len(answer.rows)
            self.stored.emit(count)
            self.accept()
            return
        self._answer = answer
        self.problem.say(file_problem_text(answer) if answer.file_problem else "", "danger")
        self.summary.setText("" if answer.file_problem else import_summary(answer))
        self.problems.set_rows(import_rows(answer))
        self.problems.setVisible(bool(answer.problems))
        self.problems.fit_height(7)
        good = not any(not one.warning for one in answer.problems)
        self.rows.set_rows([_row(one.number, one.patient_name, one.body) for one in answer.rows])
        self.rows.setVisible(good and bool(answer.rows))
        self.rows.fit_height(7)
        self.confirm_button.setEnabled(good and bool(answer.rows) and not answer.file_problem)
        (self.confirm_button if self.confirm_button.isEnabled() else self.problems).setFocus()
        self._fit_soon()

    def _refuse(self, words: str) -> None:
        self._answer = None
        self.confirm_button.setEnabled(False)
        self.problem.say(words, "danger")
        self._fit_soon()

    def _fail(self, error: BaseException) -> None:
        self._busy = False
        self._refuse(not_done_text(error))

    @Slot()
    def _choose_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Velg CSV-fil med ordinasjoner"))
        dialog.setNameFilter(self.tr("CSV-filer (*.csv *.txt)"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.open_file(Path(name)))
        dialog.open()


def _row(number: int, patient: str, body: dict[str, object]) -> Row:
    order = read_order(body)
    said = "" if order is None else f"{order.product} · {doses_text(order)}"
    return Row(str(number), patient, said, "pill")
