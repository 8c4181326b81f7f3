"""The questionnaires on this machine: whose wording they show, and how a text pack is installed."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from fieldapp.domain.screening.instruments import Instrument
from fieldapp.domain.strict_json import DefinitionError
from fieldapp.errors import FieldAppError
from fieldapp.services import screening
from fieldapp.services.session import Session
from ui.errors import sentence_for
from ui.widgets import Banner, Card, Row, RowTag, SecondaryButton, Statements, Text

translate = QCoreApplication.translate

LARGEST_PACK = 1_000_000


class InstrumentsCard(Card):
    """Lists the questionnaires and installs an organisation's licensed text pack.

    Signals:
        installed(): the wording of a questionnaire is new.
    """

    installed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(translate("settings", "Spørreskjemaer"), parent)
        self._session = session
        install = SecondaryButton(
            self.tr("Installer tekstpakke …"), self, icon="file-plus", name="installTextPack"
        )
        install.clicked.connect(self._choose_file)
        self.head.addWidget(install)
        self.body.addWidget(
            Text(
                self.tr(
                    "Programmet har egne korte stikkord, ikke den offisielle ordlyden. En "
                    "virksomhet med lisens installerer sin tekstpakke her."
                ),
                "muted",
                self,
            )
        )
        self._banner = Banner("", "neutral", self)
        self._banner.setObjectName("textPackBanner")
        self.body.addWidget(self._banner)
        self._rows = Statements(self.tr("Spørreskjemaer"), self)
        self.body.addWidget(self._rows)
        self.show_instruments()

    def show_instruments(self) -> None:
        """Read the questionnaires again."""
        self._rows.set_rows([instrument_row(one) for one in screening.instruments(self._session)])

    def install(self, path: Path) -> None:
        """Install the pack in a file, or say why it cannot be used; nothing else changes."""
        try:
            if path.stat().st_size > LARGEST_PACK:
                raise DefinitionError("", "too large")
            instrument = screening.install_text_pack(
                self._session, path.read_text(encoding="utf-8")
            )
        except DefinitionError as error:
            sentence = self.tr(
                "Filen passer ikke som tekstpakke ({where}). Ingenting er endret. Be den som "
                "leverte den, om en pakke for denne versjonen."
            )
            self._banner.say(sentence.format(where=error.path or "JSON"), "danger")
        except (OSError, UnicodeDecodeError):
            self._banner.say(self.tr("Filen kan ikke leses. Ingenting er endret."), "danger")
        except FieldAppError as error:
            self._banner.say(sentence_for(error), "danger")
        else:
            done = self.tr("Ordlyden for {title} er installert.").format(title=instrument.title)
            self._banner.say(done, "ok")
            self.show_instruments()
            self.installed.emit()

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Velg tekstpakke"))
        dialog.setNameFilter(self.tr("Tekstpakker (*.json)"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.install(Path(name)))
        dialog.open()


def instrument_row(instrument: Instrument) -> Row:
    """A questionnaire with its version, licence and the source of its wording."""
    tag = RowTag(translate("settings", "Egne stikkord"), "neutral", "info")
    if instrument.official_text:
        tag = RowTag(translate("settings", "Lisensiert ordlyd"), "ok", "check")
    version = translate("settings", "versjon {0}").format(instrument.version)
    return Row(
        id=instrument.id,
        title=f"{instrument.title} · {version}",
        detail=f"{instrument.licence} · {instrument.text_source}",
        icon="clipboard-list",
        tags=(tag,),
    )
