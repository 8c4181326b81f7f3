"""Import of a patient list: choose a file, look, correct the columns, take in all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QVBoxLayout,
    QWidget,
)

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.csv_import import Field, FileError, Mapping, MappingError, guess_mapping
from fieldapp.services import imports
from fieldapp.services.imports import ImportPreview
from ui import errors
from ui.context import AppContext
from ui.imports.state import (
    draft_row,
    error_row,
    field_word,
    may_be_cut,
    summary,
    whole_file_problem,
)
from ui.page import Page
from ui.widgets import (
    Banner,
    Card,
    EmptyState,
    PageHeader,
    PrimaryButton,
    ProgressLine,
    RowList,
    ScrollColumn,
    SecondaryButton,
    Text,
    Tone,
    clear,
)

LARGEST_FILE = 5_000_000
"""Bytes: more than 30,000 patients, and still looked through in well under a second."""

SHOWN_ROWS = 200


class ImportsPage(Page):
    """Holds the bytes of the chosen file and the last preview of it."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("page")
        self._data = b""
        self._preview: ImportPreview | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        scroll = ScrollColumn(self.tr("Les inn pasientliste"), self)
        outer.addWidget(scroll)
        column = scroll.body
        head = PageHeader(self.tr("Les inn pasientliste"), "", self)
        head.say(
            self.tr("Les inn pasientliste"),
            self.tr("CSV-fil fra fagsystemet, med overskrifter i første rad."),
        )
        self._choose = SecondaryButton(
            self.tr("Velg fil …"), self, icon="upload", name="importChoose"
        )
        self._choose.clicked.connect(self._choose_file)
        self._commit = PrimaryButton(self.tr("Les inn"), self, icon="check", name="importCommit")
        self._commit.clicked.connect(self._import)
        head.buttons.addWidget(self._choose)
        head.buttons.addWidget(self._commit)
        column.addWidget(head)
        self._banner = Banner("", "neutral", self)
        self._banner.setObjectName("importBanner")
        column.addWidget(self._banner)
        self._progress = ProgressLine(self)
        column.addWidget(self._progress)
        self._empty = EmptyState(
            "upload",
            self.tr("Ingen fil er valgt"),
            self.tr("Du får se alle rader og feil før noe lagres."),
            self,
        )
        column.addWidget(self._empty)
        self._errors_card = Card(self.tr("Rader med feil"), self)
        self._errors = RowList(self.tr("Rader med feil"), self._errors_card)
        self._errors.setObjectName("importErrors")
        self._errors_card.body.addWidget(self._errors)
        column.addWidget(self._errors_card)
        self._columns = Card(self.tr("Kolonner"), self)
        self._grid = QGridLayout()
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(3, 1)
        self._grid.setSpacing(8)
        self._columns.body.addLayout(self._grid)
        column.addWidget(self._columns)
        self._rows_card = Card(self.tr("Slik blir pasientene"), self)
        self._rows = RowList(self.tr("Pasienter i filen"), self._rows_card)
        self._rows_card.body.addWidget(self._rows)
        column.addWidget(self._rows_card)
        column.addStretch(1)
        self._show()

    def show_for(self, **args: object) -> None:
        del args
        self._choose.setFocus()

    def open_file(self, path: Path) -> None:
        """Read a file and show what an import of it would do."""
        try:
            size = path.stat().st_size
            self._data = path.read_bytes() if size <= LARGEST_FILE else b""
        except OSError:
            self._refuse(self.tr("Filen kan ikke leses. Ingenting er lagret."))
            return
        if size > LARGEST_FILE:
            self._refuse(self.tr("Filen er for stor for en pasientliste. Ingenting er lagret."))
            return
        self._look(None)

    def _look(self, mapping: Mapping | None) -> None:
        session = self.context.session
        try:
            self._preview = imports.preview(session, self._data, mapping)
        except FileError as error:
            self._refuse(whole_file_problem(error))
            return
        except MappingError as error:
            self._ask_columns(mapping, whole_file_problem(error))
            return
        fine = self._preview.can_be_imported and not may_be_cut(self._preview)
        tone: Tone = "ok" if fine else "warn"
        self._banner.say(summary(self._preview), tone)
        self._show()
        self._show_columns(self._preview.table.headings, self._preview.mapping)

    def _refuse(self, sentence: str) -> None:
        self._preview = None
        self._banner.say(sentence, "danger")
        self._show()

    def _ask_columns(self, mapping: Mapping | None, sentence: str) -> None:
        """The headings do not say enough: let the person choose the columns."""
        table, _ = imports.columns(self._data)
        self._preview = None
        self._banner.say(sentence, "warn")
        self._show()
        self._show_columns(table.headings, mapping or guess_mapping(table.headings))

    def _show(self) -> None:
        preview = self._preview
        self._progress.hide()
        self._empty.setVisible(preview is None and not self._banner.text.text())
        self._columns.setVisible(False)
        self._errors_card.setVisible(preview is not None and bool(preview.errors))
        self._rows_card.setVisible(preview is not None and bool(preview.rows))
        self._commit.setEnabled(preview is not None and preview.can_be_imported)
        if preview is None:
            return
        errors_shown = preview.errors[:SHOWN_ROWS]
        self._errors.set_rows([error_row(n, error) for n, error in enumerate(errors_shown)])
        self._errors.fit_height(8)
        # The last row is always among them: it is the one that a cut would have shortened.
        rows_shown = preview.rows[: SHOWN_ROWS - 1] + preview.rows[SHOWN_ROWS - 1 :][-1:]
        self._rows.set_rows([draft_row(n, row) for n, row in enumerate(rows_shown)])
        self._rows.fit_height(8)

    def _show_columns(self, headings: tuple[str, ...], mapping: Mapping) -> None:
        clear(self._grid)
        for number, heading in enumerate(headings):
            box = QComboBox(self._columns)
            # As narrow as large text needs it; the list that opens shows the whole words.
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            box.setMinimumContentsLength(6)
            box.setObjectName(f"importColumn_{number}")
            box.setAccessibleName(self.tr("Kolonnen {0} er").format(heading))
            for field in (None, *Field):
                box.addItem(field_word(field), field)
            box.setCurrentIndex(box.findData(mapping.columns[number]))
            box.activated.connect(self._on_column(number, box, mapping))
            row, pair = divmod(number, 2)
            label = Text(heading, "strong", self._columns)
            self._grid.addWidget(label, row, 2 * pair)
            self._grid.addWidget(box, row, 2 * pair + 1)
        self._columns.setVisible(True)

    def _on_column(self, number: int, box: QComboBox, mapping: Mapping) -> Callable[[], None]:
        def changed() -> None:
            chosen = box.currentData()
            field = Field(chosen) if chosen is not None else None
            self._look(mapping.changed(number, field))

        return changed

    @Slot()
    def _choose_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Velg pasientliste"))
        dialog.setNameFilter(self.tr("CSV-filer (*.csv *.txt)"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.open_file(Path(name)))
        dialog.open()

    @Slot()
    def _import(self) -> None:
        if self._preview is None:
            return
        preview = self._preview
        self._commit.setEnabled(False)
        self._choose.setEnabled(False)
        # Another choice of columns would show another list than the one being taken in.
        self._columns.setEnabled(False)
        self._progress.show()

        def work(report: Callable[[object], None]) -> ChangeSet:
            # The window's connection belongs to the window's thread; a long write gets its own.
            with self.context.session.beside() as beside:
                return imports.commit(beside, preview, lambda done, total: report((done, total)))

        self.context.tasks.run(work, self._on_done, self._on_failed, on_progress=self._on_progress)

    def _on_progress(self, figures: tuple[int, int]) -> None:
        done, total = figures
        self._progress.say(done, total, self.tr("Leser inn {0} av {1}").format(done, total))

    def _on_done(self, changes: ChangeSet) -> None:
        count = len(self._preview.rows) if self._preview else 0
        self._data, self._preview = b"", None
        self._banner.say(self.tr("{0} pasienter er lest inn.").format(count), "ok")
        self._choose.setEnabled(True)
        self._columns.setEnabled(True)
        self._show()
        self.context.changes.announce(changes)

    def _on_failed(self, error: BaseException) -> None:
        self._choose.setEnabled(True)
        self._columns.setEnabled(True)
        self._refuse(errors.sentence_for(error))
