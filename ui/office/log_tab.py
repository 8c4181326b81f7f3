"""Logg: who looked at whom, on all laptops and at the office; a patient's print; the chains."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from PySide6.QtCore import QDate, Slot
from PySide6.QtGui import QPagedPaintDevice
from PySide6.QtWidgets import QCheckBox, QComboBox, QDateEdit, QFileDialog, QLineEdit, QWidget

from fieldapp.services import own_log, register_view
from sync.client.control_messages import (
    ChainsAnswer,
    LogAnswer,
    LogPatientsAnswer,
    LogPatientsRequest,
    LogPrintAnswer,
    LogPrintRequest,
    LogRequest,
)
from ui import paper
from ui.context import AppContext
from ui.log_words import REASONS, action_word, reason_word
from ui.office.desk import OfficeDesk
from ui.office.log_words import chain_row, entry_row, patient_print
from ui.office.state import role_word
from ui.office.tab import OfficeTab
from ui.register import printing
from ui.widgets import (
    Banner,
    Card,
    EmptyState,
    FlowLayout,
    FormField,
    PrimaryButton,
    Row,
    RowList,
    SecondaryButton,
    Text,
)
from ui.words import day_text

_WIDE = 8
_FIRST_DAYS = 30


class LogTab(OfficeTab):
    """Every question asked here, the opening of this part included, stands in the log itself."""

    def __init__(
        self, context: AppContext, desk: OfficeDesk, parent: QWidget | None = None
    ) -> None:
        super().__init__("", context, desk, parent)
        self.setAccessibleName(self.tr("Logg"))
        self._next = ""
        self._asked: LogRequest | None = None
        self._print: LogPrintAnswer | None = None
        self._rows_shown: list[Row] = []
        self.chain_rows: list[Row] = []
        self.add_columns(
            [self._filter_card(), self._print_card(), self._chains_card()],
            self._lines_card(),
            shares=(2, 3),
        )

    def load(self) -> None:
        self._ask_again()

    def focus_first(self) -> None:
        self.words.setFocus()

    # --- the parts of the page

    def _filter_card(self) -> QWidget:
        card = Card(self.tr("Hvilke linjer?"), self)
        self.words = QLineEdit(card)
        self.words.setObjectName("logPatientWords")
        self.words.setPlaceholderText(self.tr("Navn eller fødselsnummer"))
        self.words.returnPressed.connect(self._find_patient)
        card.body.addWidget(FormField(self.tr("Finn pasient"), self.words, parent=card))
        self.find_button = SecondaryButton(self.tr("Finn"), card, icon="search", name="logFind")
        self.find_button.setAccessibleName(self.tr("Finn pasient til loggen"))
        self.find_button.clicked.connect(self._find_patient)
        card.body.addWidget(self.find_button)
        self.patient = self._box(card, "logPatient", self.tr("Alle pasienter"))
        card.body.addWidget(FormField(self.tr("Pasient"), self.patient, parent=card))
        self.person = self._box(card, "logPerson", self.tr("Alle ansatte"))
        card.body.addWidget(FormField(self.tr("Hvem"), self.person, parent=card))
        self.period = QCheckBox(self.tr("Bare en periode"), card)
        self.period.setObjectName("logPeriod")
        self.period.toggled.connect(self._show_period)
        card.body.addWidget(self.period)
        today = self.context.session.today()
        last = QDate(today.year, today.month, today.day)
        self.first, self.last = QDateEdit(last.addDays(-_FIRST_DAYS), card), QDateEdit(last, card)
        self._days: list[QWidget] = []
        for name, label, field in (
            ("logFirst", self.tr("Fra og med"), self.first),
            ("logLast", self.tr("Til og med"), self.last),
        ):
            field.setObjectName(name)
            field.setCalendarPopup(True)
            field.setDisplayFormat("dd.MM.yyyy")
            holder = FormField(label, field, parent=card)
            holder.hide()
            self._days.append(holder)
            card.body.addWidget(holder)
        self.action = self._box(card, "logAction", self.tr("Alt"))
        card.body.addWidget(FormField(self.tr("Hva"), self.action, parent=card))
        self.reason = self._box(card, "logReason", self.tr("Alle grunner"))
        for code in REASONS:
            self.reason.addItem(reason_word(code), code)
        card.body.addWidget(FormField(self.tr("Grunn"), self.reason, parent=card))
        self.ask = PrimaryButton(self.tr("Vis linjene"), card, icon="search", name="logAsk")
        self.ask.clicked.connect(self._ask_again)
        card.body.addWidget(self.ask)
        return card

    def _box(self, card: QWidget, name: str, everything: str) -> QComboBox:
        box = QComboBox(card)
        box.setObjectName(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(_WIDE)
        box.addItem(everything, "")
        return box

    def _print_card(self) -> QWidget:
        card = Card(self.tr("Utskrift til pasienten"), self)
        words = self.tr(
            "Hvem som har åpnet journalen: navn, rolle, tid, hva, hvorfor og hvorfra. Velg "
            "pasienten over. At du skriver ut, blir loggført."
        )
        card.body.addWidget(Text(words, "muted", card))
        self.printed = Banner("", "ok", card)
        card.body.addWidget(self.printed)
        flow_holder = QWidget(card)
        flow = FlowLayout(flow_holder, 8)
        self.paper = SecondaryButton(
            self.tr("Skriv ut …"), flow_holder, icon="printer", name="logPrint"
        )
        self.paper.setAccessibleName(self.tr("Skriv ut oppslagene til pasienten"))
        self.paper.clicked.connect(lambda: self._fetch_print(to_folder=False))
        self.folder = SecondaryButton(
            self.tr("Lagre i en mappe …"), flow_holder, icon="folder", name="logFolder"
        )
        self.folder.clicked.connect(lambda: self._fetch_print(to_folder=True))
        self.folder.setVisible(register_view.folder_allowed(self.context.session))
        flow.addWidget(self.paper)
        flow.addWidget(self.folder)
        card.body.addWidget(flow_holder)
        return card

    def _chains_card(self) -> QWidget:
        card = Card(self.tr("Er loggene hele?"), self)
        words = self.tr(
            "Hver linje henger på den før. Serveren regner alle loggene gjennom på nytt."
        )
        card.body.addWidget(Text(words, "muted", card))
        self.check = SecondaryButton(
            self.tr("Kontroller loggene"), card, icon="shield-alert", name="logCheck"
        )
        self.check.clicked.connect(self._check_chains)
        card.body.addWidget(self.check)
        self.chain_state = Banner("", "ok", card)
        self.chain_state.setObjectName("logChainState")
        card.body.addWidget(self.chain_state)
        self.chains = RowList(self.tr("Loggene til laptopene"), card)
        self.chains.setObjectName("logChains")
        self.chains.hide()
        card.body.addWidget(self.chains)
        return card

    def _lines_card(self) -> QWidget:
        card = Card(self.tr("Linjer"), self)
        self.rows = RowList(self.tr("Linjer i loggen"), card)
        self.rows.setObjectName("logList")
        self.rows.hide()
        self.rows.current_id_changed.connect(self._show_whole)
        card.body.addWidget(self.rows)
        self.whole = Text("", "", card)
        self.whole.setObjectName("logWhole")
        card.body.addWidget(self.whole)
        self._none = EmptyState(
            "list",
            self.tr("Ingen linjer"),
            self.tr("Ingen linjer passer til det som er valgt."),
            card,
        )
        self._none.hide()
        card.body.addWidget(self._none)
        self.older = SecondaryButton(
            self.tr("Vis eldre"), card, icon="chevron-down", name="logOlder"
        )
        self.older.clicked.connect(self._ask_older)
        self.older.hide()
        card.body.addWidget(self.older)
        return card

    # --- asking

    @Slot(bool)
    def _show_period(self, on: bool) -> None:
        for holder in self._days:
            holder.setVisible(on)

    @Slot()
    def _find_patient(self) -> None:
        words = self.words.text().strip()
        if len(words) < 2:
            self.say_wrong(self.tr("Skriv minst to bokstaver av navnet, eller fødselsnummeret."))
            self.words.setFocus()
            return
        request = LogPatientsRequest(query=words)
        self.read(lambda service: service.log_patients(request), self._show_patients, "patients")

    def _show_patients(self, answer: LogPatientsAnswer) -> None:
        self.patient.clear()
        self.patient.addItem(self.tr("Alle pasienter"), "")
        for one in answer.patients:
            born = f", {day_text(one.birth_date)}" if one.birth_date else ""
            self.patient.addItem(f"{one.name}{born}", one.id)
        if answer.patients:
            self.patient.setCurrentIndex(1)
            self.patient.setFocus()
            if answer.more:
                self.say_done(self.tr("Det er flere som passer. Skriv mer av navnet."))
        else:
            self.say_wrong(self.tr("Ingen pasient passer til «{0}».").format(self.words.text()))

    @Slot()
    def _ask_again(self) -> None:
        in_period = self.period.isChecked()
        self._asked = LogRequest(
            patient_id=self.patient.currentData() or None,
            actor_id=self.person.currentData() or None,
            first=_day(self.first) if in_period else None,
            last=_day(self.last) if in_period else None,
            action=str(self.action.currentData() or ""),
            reason=str(self.reason.currentData() or ""),
        )
        if in_period and _day(self.last) < _day(self.first):
            self.say_wrong(self.tr("Til og med er før fra og med. Velg dagene på nytt."))
            self.first.setFocus()
            return
        asked = self._asked
        self.read(lambda service: service.access_log(asked), self._show_first, "lines")

    @Slot()
    def _ask_older(self) -> None:
        if self._asked is None or not self._next:
            return
        asked = self._asked.model_copy(update={"after": self._next})
        self.read(lambda service: service.access_log(asked), self._show_more, "lines")

    def _show_first(self, answer: LogAnswer) -> None:
        self._choices(answer)
        self._rows_shown = []
        self._show_more(answer)

    def _show_more(self, answer: LogAnswer) -> None:
        start = len(self._rows_shown)
        self._rows_shown += [
            entry_row(entry, start + number) for number, entry in enumerate(answer.entries)
        ]
        self._next = answer.next
        self.rows.set_rows(self._rows_shown)
        self.rows.setVisible(bool(self._rows_shown))
        self.rows.fit_height(14)
        if start:
            self.rows.select_id(str(start))
        self._none.setVisible(not self._rows_shown)
        self.older.setVisible(bool(answer.next))
        self._show_whole()

    def _choices(self, answer: LogAnswer) -> None:
        """Fill in whom and what there is to choose, keeping what was chosen."""
        people = [(f"{one.name} · {role_word(one.role)}", one.id) for one in answer.people]
        actions = sorted((action_word(code), code) for code in answer.actions)
        for box, options in ((self.person, people), (self.action, actions)):
            chosen = box.currentData()
            while box.count() > 1:  # the first one stands for everything
                box.removeItem(1)
            for words, value in options:
                box.addItem(words, value)
            box.setCurrentIndex(max(0, box.findData(chosen)))

    @Slot()
    def _show_whole(self) -> None:
        """The line in full, for what the list cuts off."""
        chosen = self.rows.current_id
        row = next((one for one in self._rows_shown if one.id == chosen), None)
        self.whole.setText("" if row is None else f"{row.title}\n{row.detail}")
        self.whole.setVisible(row is not None)

    # --- the chains

    @Slot()
    def _check_chains(self) -> None:
        self.read(lambda service: service.log_chains(), self._show_chains, "chains")

    def _show_chains(self, answer: ChainsAnswer) -> None:
        bad = sum(chain.fault is not None for chain in answer.chains)
        if bad:
            said = self.tr("{count} av loggene er brutt. Meld det som avvik og spør hvorfor.")
            self.chain_state.say(said.format(count=bad), "danger")
        else:
            self.chain_state.say(self.tr("Alle loggene er hele."), "ok")
        self.chain_rows = [chain_row(chain) for chain in answer.chains]
        self.chains.set_rows(self.chain_rows)
        self.chains.setVisible(bool(answer.chains))
        self.chains.fit_height(6)

    # --- the patient's print

    def _fetch_print(self, *, to_folder: bool) -> None:
        patient_id = self.patient.currentData()
        if not patient_id:
            self.say_wrong(self.tr("Finn og velg pasienten først. Ingenting er skrevet ut."))
            self.words.setFocus()
            return
        request = LogPrintRequest(patient_id=str(patient_id))

        def done(answer: LogPrintAnswer) -> None:
            self._print = answer
            (self._choose_folder if to_folder else self._choose_printer)()

        self.act(lambda service: service.log_print(request), done)

    def _choose_printer(self) -> None:
        files = register_view.folder_allowed(self.context.session)
        title, name = self.tr("Skriv ut"), self._file_name()
        paper.choose_printer(self.window(), title, name, self.print_on, files=files)

    def _choose_folder(self) -> None:
        dialog = QFileDialog(self.window(), self.tr("Lagre i en mappe"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda folder: self.save_in(Path(folder)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def html(self) -> str:
        """The print of the patient who was fetched, "" before."""
        return "" if self._print is None else patient_print(self._print)

    def print_on(self, device: QPagedPaintDevice) -> None:
        """Put it on a printer; the log says so first."""
        if self._print is None:
            return
        own_log.note_printed(
            self.context.session, self._print.patient.id, to_folder=paper.makes_file(device)
        )
        printing.draw(self.html(), device)
        self.printed.say(self.tr("Skrevet ut."), "ok")

    def save_in(self, folder: Path) -> Path | None:
        """Write it as a PDF into a folder that was chosen; the log says so first."""
        if self._print is None or not register_view.folder_allowed(self.context.session):
            return None
        name = self._file_name()
        file, number = folder / f"{name}.pdf", 1
        while file.exists():
            number += 1
            file = folder / f"{name}-{number}.pdf"
        own_log.note_printed(self.context.session, self._print.patient.id, to_folder=True)
        try:
            printing.draw(self.html(), printing.pdf_writer(file, name))
        except OSError:
            self.printed.say(self.tr("Mappen tok ikke imot filen. Velg en annen mappe."), "danger")
            return None
        text = self.tr("Lagret som {name}. Filen er ikke kryptert; slett den når den er brukt.")
        self.printed.say(text.format(name=file.name), "warn")
        return file

    def _file_name(self) -> str:
        # No name of a patient: file names end up in lists of recent documents.
        return self.tr("oppslag-i-journal-{day}").format(
            day=self.context.session.today().isoformat()
        )


def _day(field: QDateEdit) -> date:
    day = field.date()
    return date(day.year(), day.month(), day.day())
