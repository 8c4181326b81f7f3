"""Lister og etiketter: choose a document and a month or a day; print it, or put it in a folder."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QDate, QLocale, Slot
from PySide6.QtGui import QPagedPaintDevice
from PySide6.QtWidgets import QComboBox, QDateEdit, QFileDialog, QWidget

from fieldapp.services import register_acts, register_gaps, register_view
from ui import paper
from ui.context import AppContext
from ui.register import documents, printing
from ui.widgets import Banner, ChoiceRow, Dialog, FormField, SecondaryButton, Text

_MONTHS = 24


class Document(StrEnum):
    """What can be put on paper."""

    MONTH = "month"
    PLACES = "places"
    ADVISER = "adviser"
    SLIPS = "slips"
    LABELS = "labels"


_OF_DOSES = frozenset({Document.SLIPS, Document.LABELS})
_BY_MONTH = frozenset({Document.MONTH, Document.PLACES})


class DocumentsDialog(Dialog):
    """Stays open after printing: the next document is often the same day's."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__("", "", parent)
        self.setWindowTitle(self.tr("Lister og etiketter"))
        self.title.setText(self.tr("Lister og etiketter"))
        self.confirm_button.say(self.tr("Skriv ut …"))
        self.cancel_button.say(self.tr("Lukk"))
        self._context = context
        self.said = Banner("", "ok", self)
        self.document = ChoiceRow(
            self.tr("Hva"),
            [
                (Document.MONTH, self.tr("Månedens regnskap")),
                (Document.PLACES, self.tr("Utleveringer per sted")),
                (Document.ADVISER, self.tr("Liste til rådgiverdagen")),
                (Document.SLIPS, self.tr("Utleveringslapper")),
                (Document.LABELS, self.tr("Etiketter")),
            ],
            self,
            name="registerDocument",
        )
        self.month = QComboBox(self)
        self.month.setObjectName("registerMonth")
        today = context.session.today()
        year, number = today.year, today.month
        for _ in range(_MONTHS):
            self.month.addItem(_month_text(year, number), (year, number))
            year, number = (year - 1, 12) if number == 1 else (year, number - 1)
        self.day = QDateEdit(QDate(today.year, today.month, today.day), self)
        self.day.setCalendarPopup(True)
        self.day.setDisplayFormat("dd.MM.yyyy")
        self._month_field = FormField(self.tr("Måned"), self.month, parent=self)
        self._day_field = FormField(self.tr("Dag"), self.day, parent=self)
        self.folder = SecondaryButton(
            self.tr("Lagre i en mappe …"), self, icon="folder", name="registerFolder"
        )
        self.folder.clicked.connect(self._choose_folder)
        self.folder.setVisible(register_view.folder_allowed(context.session))
        for widget in (
            self.said,
            FormField(self.tr("Hva"), self.document, parent=self),
            self._month_field,
            self._day_field,
            Text(self.tr("Alt som skrives ut eller lagres, står i tilgangsloggen."), "muted", self),
            self.folder,
        ):
            self.body.addWidget(widget)
        self.body.addStretch(1)
        self.document.chosen.connect(self._show_when)
        self._show_when()
        self.document.buttons()[0].setFocus()

    @property
    def chosen(self) -> Document | None:
        value = self.document.value
        return value if isinstance(value, Document) else None

    def try_accept(self) -> None:
        """Ask for the printer; the dialog itself stays open."""
        if self._is_chosen():
            self._choose_printer()

    def print_on(self, device: QPagedPaintDevice) -> None:
        """Put the chosen document on a printer; the log says so first."""
        self._log(to_folder=paper.makes_file(device))
        self._draw(device)
        self.said.say(self.tr("Skrevet ut."), "ok")

    def save_in(self, folder: Path) -> Path | None:
        """Write the chosen document into a folder and log it; None where that failed."""
        if not register_view.folder_allowed(self._context.session):
            return None
        name = self._file_name()
        file = folder / f"{name}.pdf"
        number = 1
        while file.exists():
            number += 1
            file = folder / f"{name}-{number}.pdf"
        try:
            # First the log: a file that nobody was told of must not exist.
            self._log(to_folder=True)
            self._draw(printing.pdf_writer(file, name))
        except OSError:
            self.said.say(self.tr("Mappen tok ikke imot filen. Velg en annen mappe."), "danger")
            return None
        text = self.tr("Lagret som {name}. Filen er ikke kryptert; slett den når den er brukt.")
        self.said.say(text.format(name=file.name), "warn")
        return file

    # --- choosing

    @Slot()
    def _show_when(self) -> None:
        self._month_field.setVisible(self.chosen in _BY_MONTH)
        self._day_field.setVisible(self.chosen is not None and self.chosen not in _BY_MONTH)
        if self.isVisible():
            self._fit_soon()

    def _is_chosen(self) -> bool:
        problem = ""
        if self.chosen is None:
            problem = self.tr("Velg hva som skal skrives ut.")
        elif self.chosen in _OF_DOSES and not self._slips():
            problem = self.tr("Ingen utleveringer denne dagen. Velg en annen dag.")
        self.problem.say(problem, "danger")
        return not problem

    def _slips(self) -> tuple[register_view.Slip, ...]:
        return register_view.slips(self._context.session, self._day())

    @Slot()
    def _choose_printer(self) -> None:
        files = register_view.folder_allowed(self._context.session)
        paper.choose_printer(
            self, self.tr("Skriv ut"), self._file_name(), self.print_on, files=files
        )

    @Slot()
    def _choose_folder(self) -> None:
        if not self._is_chosen():
            return
        dialog = QFileDialog(self, self.tr("Lagre i en mappe"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda folder: self.save_in(Path(folder)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # --- the document

    def _draw(self, device: QPagedPaintDevice) -> None:
        if self.chosen is Document.LABELS:
            printing.draw_labels(documents.labels(self._slips()), device)
            return
        printing.draw(self.html(), device)

    def html(self) -> str:
        """The chosen document as text; labels are drawn and have none."""
        session = self._context.session
        author, now = session.user.name, session.clock.now()
        year, number = self.month.currentData()
        month = _month_text(year, number)
        match self.chosen:
            case Document.MONTH:
                return documents.month_register(
                    register_view.month(session, year, number),
                    month,
                    author,
                    now,
                    two_persons=register_acts.two_persons(session),
                    gaps=register_gaps.of_month(session, year, number),
                )
            case Document.PLACES:
                counts = register_view.place_counts(session, year, number)
                return documents.place_list(counts, month, author, now, whole=False)
            case Document.ADVISER:
                lines = register_view.adviser_day(session, self._day())
                return documents.adviser_list(lines, self._day(), author, now)
            case _:
                return documents.handout_slips(self._slips(), author, now)

    def _day(self) -> date:
        day = self.day.date()
        return date(day.year(), day.month(), day.day())

    def _when(self) -> str:
        if self.chosen in _BY_MONTH:
            year, number = self.month.currentData()
            return f"{year}-{number:02}"
        return self._day().isoformat()

    def _file_name(self) -> str:
        names = {
            Document.MONTH: self.tr("narkotikaregnskap"),
            Document.PLACES: self.tr("utleveringer"),
            Document.ADVISER: self.tr("rådgiverdag"),
            Document.SLIPS: self.tr("utleveringslapper"),
            Document.LABELS: self.tr("etiketter"),
        }
        return f"{names[self.chosen or Document.MONTH]}-{self._when()}"

    def _log(self, *, to_folder: bool) -> None:
        chosen = self.chosen or Document.MONTH
        register_view.logged(self._context.session, chosen.value, self._when(), to_folder=to_folder)


def _month_text(year: int, number: int) -> str:
    return f"{QLocale().standaloneMonthName(number)} {year}"
