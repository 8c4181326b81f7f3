"""The receipt of a day in words: "6 besøk, 4 utleveringer, 1 utkast igjen, alt sendt"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.services.receipt import DayReceipt
from ui.words import long_day

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class Confirmation:
    """How many of the day's events the server says it holds, and when it said so."""

    held: int
    asked: int
    at: datetime

    @property
    def whole(self) -> bool:
        return self.held == self.asked


def summary(receipt: DayReceipt) -> str:
    """The day in one line. "Alt sendt" is said only when nothing waits on this laptop."""
    counts = (
        (receipt.visits_signed, translate("sync", "besøk"), translate("sync", "besøk")),
        (receipt.handouts, translate("sync", "utlevering"), translate("sync", "utleveringer")),
        (receipt.screenings, translate("sync", "kartlegging"), translate("sync", "kartlegginger")),
        (receipt.rapid_tests, translate("sync", "hurtigtest"), translate("sync", "hurtigtester")),
    )
    always = 2  # visits and handouts are said also when there were none
    parts = [
        f"{count} {one if count == 1 else many}"
        for number, (count, one, many) in enumerate(counts)
        if count or number < always
    ]
    parts.append(
        translate("sync", "{0} utkast igjen").format(receipt.drafts_left)
        if receipt.drafts_left
        else translate("sync", "ingen utkast igjen")
    )
    parts.append(
        translate("sync", "alt sendt") if receipt.all_sent else translate("sync", "ikke alt sendt")
    )
    return ", ".join(parts)


def confirmation_text(confirmation: Confirmation | None) -> str:
    """What the server has said; without an answer that is said as well."""
    if confirmation is None:
        return translate("sync", "Ikke bekreftet av serveren ennå.")
    clock = f"{confirmation.at.astimezone(OSLO):%H:%M}"
    if confirmation.whole:
        return translate("sync", "Serveren bekrefter alle {0}, kl. {1}.").format(
            confirmation.asked, clock
        )
    return translate("sync", "Serveren har {0} av {1}, kl. {2}. Synk og prøv igjen.").format(
        confirmation.held, confirmation.asked, clock
    )


def paper(receipt: DayReceipt, who: str, confirmation: Confirmation | None, now: datetime) -> str:
    """The receipt as HTML for paper: counts and times, and nobody's name but the author's."""
    printed = now.astimezone(OSLO)
    rows = (
        (translate("sync", "Dag"), f"{long_day(receipt.day)} {receipt.day.year}"),
        (translate("sync", "Ansatt"), who),
        (translate("sync", "Oppsummert"), summary(receipt)),
        (translate("sync", "Bekreftet"), confirmation_text(confirmation)),
        (translate("sync", "Skrevet ut"), f"{printed:%d.%m.%Y %H:%M}"),
    )
    lines = "".join(
        f"<tr><td style='padding-right:18pt'><b>{_safe(label)}</b></td><td>{_safe(said)}</td></tr>"
        for label, said in rows
    )
    return f"<h2>{_safe(translate('sync', 'Kvittering for dagen'))}</h2><table>{lines}</table>"


def _safe(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
