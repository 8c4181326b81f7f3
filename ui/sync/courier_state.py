"""The courier file in words: what lies in it, that it is not sent yet, and what a receipt brought.

Pure; the card `ui.sync.courier_card` paints it.
"""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from sync.client.courier import Settled, Written
from ui.widgets import Tone

translate = QCoreApplication.translate


def written_text(written: Written) -> str:
    """What was written, and that nothing of it is sent yet."""
    if not written.paths:
        return translate("courier", "Ingenting er usendt, så det ble ikke skrevet noen fil.")
    names = ", ".join(path.name for path in written.paths)
    said = translate("courier", "Skrevet: {names}. Den inneholder {what}.")
    if len(written.paths) > 1:
        said = translate("courier", "Skrevet: {names}. De inneholder {what}.")
    still = translate("courier", "Alt telles som usendt til kvitteringen er lest her.")
    return said.format(names=names, what=_counted(written.changes, written.drafts)) + " " + still


def awaited_text(changes: int) -> str:
    """How much lies in files whose receipt has not come."""
    return translate("courier", "{what} venter på kvittering.").format(what=_changes(changes))


def settled_text(settled: Settled) -> str:
    """What the receipt settled, and what a person must still look at."""
    if settled.review:
        return translate(
            "courier",
            "Laptopen er meldt tilbaketrukket. Kontoret har fått alt og går gjennom det. "
            "Kontakt kontoret.",
        )
    if not (settled.stored or settled.parked or settled.drafts):
        return translate("courier", "Kvitteringen er lest før. Ingenting nytt er gjort opp.")
    parts = [
        translate("courier", "Serveren har {what}.").format(
            what=_counted(settled.stored, settled.drafts)
        )
    ]
    if settled.parked:
        parts.append(
            translate("courier", "{what} ble stoppet og står under Usendt.").format(
                what=_changes(settled.parked)
            )
        )
    return " ".join(parts)


def settled_tone(settled: Settled) -> Tone:
    """The tone in which that is said."""
    return "warn" if settled.review or settled.parked else "ok"


def _counted(changes: int, drafts: int) -> str:
    if not drafts:
        return _changes(changes)
    said = (
        translate("courier", "1 utkast")
        if drafts == 1
        else translate("courier", "{0} utkast").format(drafts)
    )
    if not changes:
        return said
    return translate("courier", "{changes} og {drafts}").format(
        changes=_changes(changes), drafts=said
    )


def _changes(count: int) -> str:
    if count == 1:
        return translate("courier", "1 endring")
    return translate("courier", "{0} endringer").format(count)
