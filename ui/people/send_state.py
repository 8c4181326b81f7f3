"""What a sender is told: numbers and ages, never whom anything is about. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QCoreApplication

from fieldapp.services.sealed import DRAFT, SealedStore, Tally
from sync.client.deliver import Delivered
from ui.errors import code_for, sentence_for
from ui.sync.state import when
from ui.widgets import Row, RowTag
from ui.words import kind_word

translate = QCoreApplication.translate

WRONG_SECRET = "wrong_secret"  # noqa: S105 - the code of an error


def tally_row(tally: Tally, now: datetime, *, travels: bool) -> Row:
    """One kind: how many and since when. Nothing says whom it is about."""
    oldest = translate("people", "Eldste fra {0}").format(when(tally.oldest, now))
    stopped: tuple[RowTag, ...] = ()
    if tally.stopped:
        words = translate("people", "{0} stoppet").format(tally.stopped)
        stopped = (RowTag(words, "warn"),)
    elif tally.kind == DRAFT and not travels:
        stopped = (RowTag(translate("people", "sendes ikke"), "warn"),)
    return Row(
        tally.kind,
        f"{tally.count} · {kind_word(tally.kind)}",
        oldest,
        icon="file-text",
        tags=stopped,
    )


def contents_text(store: SealedStore, name: str) -> str:
    """What sending will do, before it is done."""
    if not store.contents:
        return translate("people", "Ingenting er usendt hos {0}. Du kan lukke.").format(name)
    parts = [
        translate("people", "Usendt hos {0}: {1}. Innholdet vises ikke.").format(
            name, sum(one.count for one in store.contents)
        )
    ]
    stopped = sum(one.stopped for one in store.contents)
    if stopped:
        parts.append(
            translate(
                "people",
                "{0} er stoppet før og blir liggende til eieren eller kontoret ser på dem.",
            ).format(stopped)
        )
    if not store.drafts_travel and any(one.kind == DRAFT for one in store.contents):
        parts.append(
            translate(
                "people", "Utkast sendes ikke hos dere. De blir liggende her, og er ikke slettet."
            )
        )
    return " ".join(parts)


def receipt_lines(done: Delivered, name: str) -> Sequence[str]:
    """The receipt in sentences."""
    lines = []
    if done.stored or not (done.parked or done.drafts):
        lines.append(
            translate("people", "{0} er lagret på serveren, med {1} som forfatter.").format(
                done.stored, name
            )
        )
    if done.parked:
        lines.append(
            translate("people", "{0} venter på kontoret, der noen ser på dem.").format(done.parked)
        )
    if done.drafts:
        lines.append(translate("people", "{0} utkast er sikret på serveren.").format(done.drafts))
    if done.left_here:
        lines.append(
            translate("people", "{0} ligger fortsatt her, og er ikke slettet.").format(
                done.left_here
            )
        )
    lines.append(translate("people", "Sendt av {0}.").format(done.sender_name))
    return lines


def key_refused(error: BaseException) -> str:
    """Why the key did not open the store."""
    if code_for(error) == WRONG_SECRET:
        return translate(
            "people",
            "Nøkkelen åpner ikke dette lageret. Ingenting er slettet eller endret. Se at det er "
            "riktig person og det nyeste papiret, og prøv igjen.",
        )
    return sentence_for(error)


def send_refused(error: BaseException) -> str:
    """Why nothing, or not all of it, was sent."""
    code = code_for(error)
    if code == "not_allowed":
        return translate(
            "people",
            "Rollen din kan ikke sende for andre. Ingenting er slettet. Be den som er "
            "gjenopprettingsansvarlig, om å sende.",
        )
    if code == "wrong_password":
        return translate(
            "people",
            "Brukernavnet eller passordet stemmer ikke. Bruk ditt eget, ikke kollegaens. "
            "Ingenting er slettet.",
        )
    return sentence_for(error)
