"""Hva lå på laptopen: asked for with a reason, shown, and put on paper for a notice of a breach."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QPagedPaintDevice
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from fieldapp.services import own_log, register_view
from sync.client.office_messages import BreachReport, BreachRequest
from ui import paper
from ui.context import AppContext
from ui.office import breach_text
from ui.office.desk import OfficeDesk
from ui.office.parts import Facts
from ui.office.reasons import not_done_text
from ui.office.state import Fact
from ui.register import printing
from ui.widgets import Banner, Dialog, FlowLayout, FormField, Row, SecondaryButton, Statements, Text


class BreachDialog(Dialog):
    """Attributes: `answer`, the report once the server has given it."""

    WIDTH = 720

    def __init__(
        self,
        context: AppContext,
        desk: OfficeDesk,
        device_id: str,
        name: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", "", parent, cancel="")
        title = self.tr("Hva lå på {0}").format(name)
        self.setWindowTitle(title)
        self.title.setText(title)
        self._context, self._desk, self._device_id = context, desk, device_id
        self.answer: BreachReport | None = None
        self._busy = False
        self.confirm_button.say(self.tr("Hent rapporten"))
        self.cancel_button.setText(self.tr("Lukk"))
        self.why = Text(
            self.tr(
                "Rapporten lister pasientene. Bare roller som leser om pasienter, ser navn; andre "
                "ser id. Oppslaget og begrunnelsen logges."
            ),
            "",
            self,
        )
        self.body.addWidget(self.why)
        self.reason = QLineEdit(self)
        self.reason.setObjectName("breachReason")
        self.reason.setPlaceholderText(self.tr("For eksempel: melding om brudd, mistet på toget"))
        self.reason_field = FormField(self.tr("Begrunnelse"), self.reason, parent=self)
        self.body.addWidget(self.reason_field)
        self._report = QWidget(self)
        self._report.hide()
        self.body.addWidget(self._report)
        self.body.addStretch(1)
        self.reason.setFocus()

    def try_accept(self) -> None:
        """Ask for the report; once it is here, close."""
        if self._busy:
            return
        if self.answer is not None:
            self.accept()
            return
        reason = self.reason.text().strip()
        if not reason:
            self.reason_field.say_problem(self.tr("Skriv hvorfor."))
            self.reason.setFocus()
            return
        self.reason_field.say_problem("")
        self._busy = True
        request = BreachRequest(device_id=self._device_id, reason=reason)
        self._desk.ask(lambda service: service.breach_report(request), self._show, self._fail)

    def _fail(self, error: BaseException) -> None:
        self._busy = False
        self.problem.say(not_done_text(error), "danger")

    def _show(self, answer: BreachReport) -> None:
        self._busy = False
        self.problem.say("")
        self.answer = answer
        self.why.setText(breach_text.deadline())
        self.reason_field.hide()
        self.confirm_button.say(self.tr("Ferdig"))
        self.cancel_button.hide()
        buttons = FlowLayout(None, 8)
        printed = SecondaryButton(self.tr("Skriv ut …"), self, icon="printer", name="breachPrint")
        printed.clicked.connect(self._choose_printer)
        buttons.addWidget(printed)
        if register_view.folder_allowed(self._context.session):
            folder = SecondaryButton(
                self.tr("Lagre som PDF …"), self, icon="folder", name="breachFolder"
            )
            folder.clicked.connect(self._choose_folder)
            buttons.addWidget(folder)
        self.body.insertLayout(1, buttons)
        self.said = Banner("", "ok", self)
        self.body.insertWidget(2, self.said)
        parts = self._parts(answer)
        for other in answer.others:
            whose = self.tr("På samme maskin: {0}").format(other.user_name)
            parts.extend(
                (f"{whose} · {heading}" if not place else heading, part)
                for place, (heading, part) in enumerate(self._parts(other))
            )
        for place, (heading, part) in enumerate(parts):
            self.body.insertWidget(3 + 2 * place, Text(heading, "heading", self))
            self.body.insertWidget(4 + 2 * place, part)
        printed.setFocus()
        self._fit_soon()

    def _parts(self, answer: BreachReport) -> list[tuple[str, QWidget]]:
        known = Facts(self.tr("Slik sto det til"), self)
        known.set_facts([Fact(label, said) for label, said in breach_text.facts(answer)])
        orders = self._rows(
            self.tr("Ordrer"), [(line, "") for line in breach_text.orders(answer)], "lock"
        )
        kinds = Facts(self.tr("Opplysninger etter slag"), self)
        kinds.set_facts([Fact(label, said) for label, said in breach_text.kinds(answer)])
        patients = self._rows(
            self.tr("Pasienter"),
            [
                (
                    name,
                    " · ".join(filter(None, (number, self.tr("{0} opplysninger").format(records)))),
                )
                for name, number, records in breach_text.patients(answer)
            ],
            "user",
        )
        return [
            (self.tr("Slik sto det til"), known),
            (self.tr("Ordrer"), orders),
            (self.tr("Opplysninger etter slag"), kinds),
            (self.tr("Pasienter"), patients),
        ]

    def _rows(self, name: str, rows: list[tuple[str, str]], icon: str) -> Statements:
        made = Statements(name, self)
        made.set_rows(
            [
                Row(id=str(number), title=title, detail=detail, icon=icon)
                for number, (title, detail) in enumerate(rows)
            ]
        )
        return made

    # --- on paper

    def _choose_printer(self) -> None:
        files = register_view.folder_allowed(self._context.session)
        title, name = self.tr("Skriv ut"), self._file_name()
        paper.choose_printer(self, title, name, self.print_on, files=files)

    def _choose_folder(self) -> None:
        dialog = QFileDialog(self, self.tr("Lagre i en mappe"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda folder: self.save_in(Path(folder)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def print_on(self, device: QPagedPaintDevice) -> None:
        """Put the report on a printer; the log says so first."""
        if self.answer is not None:
            self._log(to_folder=paper.makes_file(device))
            printing.draw(breach_text.html(self.answer), device)
            self.said.say(self.tr("Skrevet ut."), "ok")

    def save_in(self, folder: Path) -> Path | None:
        """Write it as a PDF into a folder that was chosen; the log says so first."""
        if self.answer is None or not register_view.folder_allowed(self._context.session):
            return None
        file, number = folder / f"{self._file_name()}.pdf", 1
        while file.exists():
            number += 1
            file = folder / f"{self._file_name()}-{number}.pdf"
        self._log(to_folder=True)
        try:
            printing.draw(
                breach_text.html(self.answer), printing.pdf_writer(file, self._file_name())
            )
        except OSError:
            self.said.say(self.tr("Mappen tok ikke imot filen. Velg en annen mappe."), "danger")
            return None
        words = self.tr("Lagret som {0}. Filen er ikke kryptert; slett den når den er brukt.")
        self.said.say(words.format(file.name), "warn")
        return file

    def _log(self, *, to_folder: bool) -> None:
        own_log.note_report_printed(self._context.session, self._device_id, to_folder=to_folder)

    def _file_name(self) -> str:
        # No name of a person: file names end up in lists of recent documents.
        return self.tr("laptop-rapport-{0}").format(self._context.session.today().isoformat())
