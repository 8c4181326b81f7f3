"""Motta sendefil: take in what a laptop without network wrote on a stick, and keep the receipt."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from ui.context import AppContext
from ui.office.courier import LARGEST_FILE, Received, receipt_path, received
from ui.office.desk import OfficeDesk
from ui.office.state import courier_text
from ui.office.tab import OfficeTab
from ui.widgets import (
    Banner,
    Card,
    EmptyState,
    PrimaryButton,
    SecondaryButton,
    Statements,
    Text,
    row_of,
)
from ui.widgets import Row as StatementRow
from ui.words import kind_word


class CourierTab(OfficeTab):
    """Giving the same file in twice does no harm: what is there already is counted as such."""

    def __init__(
        self, context: AppContext, desk: OfficeDesk, parent: QWidget | None = None
    ) -> None:
        super().__init__("", context, desk, parent)
        self.setAccessibleName(self.tr("Motta sendefil"))
        self._receipt = b""
        self._receipt_to: Path | None = None
        card = Card(self.tr("Motta sendefil"), self)
        self.body.addWidget(card)
        self.body.addStretch(1)
        card.body.addWidget(
            Text(
                self.tr(
                    "Filen er skrevet av en laptop uten nett og ligger på en minnepinne. Den kan "
                    "bare leses av serveren. Kvitteringen legges ved siden av filen og tas med "
                    "tilbake til laptopen."
                ),
                "muted",
                card,
            )
        )
        self.choose = PrimaryButton(
            self.tr("Velg sendefil …"), card, icon="upload", name="courierChoose"
        )
        self.choose.clicked.connect(self._choose_file)
        card.body.addLayout(row_of(self.choose, None))
        self._none = EmptyState("package", self.tr("Ingen fil er valgt"), "", card)
        card.body.addWidget(self._none)
        self._file = Text("", "strong", card)
        self._file.hide()
        card.body.addWidget(self._file)
        self.result = Banner("", "ok", card)
        self.result.setObjectName("courierResult")
        card.body.addWidget(self.result)
        self._saved = Text("", "muted", card)
        self._saved.setObjectName("courierSaved")
        self._saved.hide()
        card.body.addWidget(self._saved)
        self.save = SecondaryButton(
            self.tr("Lagre kvitteringen …"), card, icon="save", name="courierSave"
        )
        self.save.clicked.connect(self._choose_place)
        self.save.hide()
        card.body.addLayout(row_of(self.save, None))
        self.review = Statements(self.tr("Til gjennomgang"), card)
        self.review.hide()
        card.body.addWidget(self.review)

    def load(self) -> None:
        """Nothing is asked before a file is chosen."""
        self.problem.say("")

    def focus_first(self) -> None:
        self.choose.setFocus()

    def open_file(self, path: Path) -> None:
        """Send a file to the server and show what became of it."""
        try:
            size = path.stat().st_size
            data = path.read_bytes() if size <= LARGEST_FILE else b""
        except OSError:
            self.say_wrong(self.tr("Filen kan ikke leses. Ingenting er sendt."))
            return
        if size > LARGEST_FILE:
            self.say_wrong(self.tr("Filen er større enn en sendefil kan være. Ingenting er sendt."))
            return
        self._none.hide()
        self._file.setText(path.name)
        self._file.show()
        self.result.say(self.tr("Sender filen til serveren …"), "neutral")
        self._saved.hide()
        self.save.hide()
        self.review.hide()
        self.act(
            lambda service: service.receive_courier(data),
            lambda receipt: self._show(path, receipt),
        )

    def say_problem(self, error: BaseException) -> None:
        self.result.say("", "ok")
        super().say_problem(error)

    # --- what is shown

    def _show(self, path: Path, receipt: bytes) -> None:
        found = received(receipt)
        self._receipt = receipt
        self._show_result(found)
        self._keep(receipt_path(path))

    def _show_result(self, found: Received) -> None:
        words = courier_text(found.counts)
        if found.whole_review:
            words = self.tr(
                "Laptopen er meldt tilbaketrukket. {0}. Se på det under Stoppede."
            ).format(words)
        self.result.say(words, "warn" if found.counts.review else "ok")
        self.review.set_rows(
            [
                StatementRow(id=str(number), title=kind_word(kind), detail=why, icon="circle-alert")
                for number, (kind, why) in enumerate(found.reviewed)
            ]
        )
        self.review.setVisible(bool(found.reviewed))

    def _keep(self, path: Path) -> None:
        """Store the receipt; a stick that cannot be written is no reason to lose it."""
        try:
            path.write_bytes(self._receipt)
        except OSError:
            self._saved.setText(
                self.tr("Kvitteringen kunne ikke lagres ved siden av filen. Velg et annet sted.")
            )
            self._saved.show()
            self.save.show()
            self.save.setFocus()
            return
        self._saved.setText(self.tr("Kvitteringen er lagret som {0}.").format(path.name))
        self._saved.show()
        self.save.hide()
        self.choose.setFocus()

    # --- what the person does

    @Slot()
    def _choose_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Velg sendefil"))
        dialog.setNameFilter(self.tr("Sendefiler (*.kurer);;Alle filer (*)"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.open_file(Path(name)))
        dialog.open()

    @Slot()
    def _choose_place(self) -> None:
        dialog = QFileDialog(self, self.tr("Lagre kvitteringen"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self._keep(Path(name)))
        dialog.open()
