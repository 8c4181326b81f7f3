"""Languages: bokmål is the source; nynorsk and English are loaded over it.

Qt ships no bokmål for its own words ("Save", "Copy"), so they stand here.
"""

from __future__ import annotations

from PySide6.QtCore import QLibraryInfo, QLocale, QObject, QTranslator
from PySide6.QtWidgets import QApplication

from fieldapp.paths import resources_dir

LANGUAGES = {"nb": "Bokmål", "nn": "Nynorsk", "en": "English"}


def available() -> dict[str, str]:
    """The languages that the program can really speak: bokmål, and those with a translation."""
    folder = resources_dir() / "translations"
    return {
        code: name
        for code, name in LANGUAGES.items()
        if code == "nb" or (folder / f"fieldapp_{code}.qm").is_file()
    }


_QT_WORDS = {
    "OK": "OK",
    "&OK": "&OK",
    "Save": "Lagre",
    "Save All": "Lagre alle",
    "Open": "Åpne",
    "Yes to &All": "Ja til &alle",
    "N&o to All": "N&ei til alle",
    "&Yes": "&Ja",
    "&No": "&Nei",
    "Abort": "Avbryt",
    "Retry": "Prøv igjen",
    "Ignore": "Overse",
    "Close": "Lukk",
    "Cancel": "Avbryt",
    "Discard": "Forkast",
    "Don't Save": "Ikke lagre",
    "Help": "Hjelp",
    "Apply": "Bruk",
    "Reset": "Nullstill",
    "Restore Defaults": "Gjenopprett standard",
    "&Undo": "&Angre",
    "&Redo": "&Gjør om",
    "Cu&t": "Klipp &ut",
    "&Copy": "&Kopier",
    "&Paste": "&Lim inn",
    "Delete": "Slett",
    "Select All": "Merk alt",
    "&Step up": "&Opp",
    "Step &down": "&Ned",
    "Show Details...": "Vis detaljer …",
    "Hide Details...": "Skjul detaljer …",
    "Clear": "Tøm",
    "Copy &Link Location": "Kopier &lenkeadresse",
    "< &Back": "< &Tilbake",
    "&Next >": "&Neste >",
    "&Finish": "&Fullfør",
    "Continue": "Fortsett",
}


class QtWords(QTranslator):
    """Qt's own words in bokmål."""

    def isEmpty(self) -> bool:
        return False

    def translate(
        self, context: str, text: str, disambiguation: str | None = None, number: int = -1
    ) -> str | None:
        del disambiguation, number
        return _QT_WORDS.get(text) if context.startswith("Q") else None


class Languages(QObject):
    """Loads a language into the application; windows built afterwards speak it."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._loaded: list[QTranslator] = []

    def use(self, language: str) -> None:
        """Speak `language` (a key of LANGUAGES); unknown ones fall back to bokmål."""
        for translator in self._loaded:
            self._app.removeTranslator(translator)
        self._loaded = []
        country = "en_GB" if language == "en" else f"{language}_NO"
        QLocale.setDefault(QLocale(country if language in LANGUAGES else "nb_NO"))
        # The last one installed is asked first: what nynorsk lacks is said in bokmål, not English.
        if language != "en":
            self._install(QtWords(self))
        if language == "nn":
            qt_folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
            self._load("qtbase_nn", qt_folder)
        if language in ("nn", "en"):
            self._load(f"fieldapp_{language}", str(resources_dir() / "translations"))

    def _load(self, name: str, folder: str) -> None:
        translator = QTranslator(self)
        if translator.load(name, folder):
            self._install(translator)

    def _install(self, translator: QTranslator) -> None:
        self._app.installTranslator(translator)
        self._loaded.append(translator)
