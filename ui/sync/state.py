"""What the window says about sync: pure values and the words for them.

"Synced" is said only when nothing waits, nothing is parked and the pull is complete.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from PySide6.QtCore import QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.services.sync_status import SyncStatus

Tone = Literal["neutral", "ok", "warn", "danger", "accent"]

translate = QCoreApplication.translate

NEEDS_LOGIN = frozenset({"login_expired", "wrong_password"})
"""Error codes after which only a login lets anything be sent."""

LINE_DOWN = frozenset({"offline", "timeout"})
"""Error families after which the line is tried again before anything is sent."""

NO_COVERAGE = "offline"
"""The error code that says no more than that there is no coverage."""


@dataclass(frozen=True, slots=True)
class SyncState:
    """Everything the pill and the sync page need to know.

    `done` and `total` count records of the running step; `total` is 0 while it is not known.
    """

    status: SyncStatus
    online: bool = False
    running: bool = False
    step: str = ""
    done: int = 0
    total: int = 0
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class PillView:
    """How the pill looks: an icon name of resources/icons, words and a tone."""

    icon: str
    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Lines:
    """The sync page's head: what is so, and what that means for the user."""

    title: str
    detail: str
    tone: Tone
    icon: str = field(default="refresh-cw")


def pill(state: SyncState, now: datetime) -> PillView:
    """Return the pill; the first state that holds wins."""
    status = state.status
    if not state.online:
        return PillView("cloud-off", _offline_text(status), "warn")
    if state.error_code in NEEDS_LOGIN:
        text = translate("sync", "Logg inn for å sende ({0} venter)").format(status.waiting)
        return PillView("key-round", text, "warn")
    if status.parked:
        return PillView("circle-alert", parked_text(status.parked), "danger")
    if state.running:
        return PillView("refresh-cw", step_text(state), "accent")
    if state.error_code is not None:
        return PillView(
            "triangle-alert", translate("sync", "Sist synk feilet · se hvorfor"), "danger"
        )
    if not status.pull_complete:
        return PillView("cloud-download", translate("sync", "Henting ikke fullført"), "warn")
    if status.waiting:
        return PillView("cloud-upload", unsent_text(status.waiting), "warn")
    return PillView(
        "check",
        translate("sync", "Alt er sendt · {0}").format(when(status.last_complete, now)),
        "ok",
    )


def _offline_text(status: SyncStatus) -> str:
    parts = [translate("sync", "Uten dekning")]
    if status.waiting:
        parts.append(translate("sync", "{0} usendt").format(status.waiting))
    if status.parked:
        parts.append(translate("sync", "{0} stoppet").format(status.parked))
    if len(parts) == 1:
        parts.append(translate("sync", "ingenting venter"))
    return " · ".join(parts)


def step_text(state: SyncState) -> str:
    """Say what the running sync does, in records."""
    word = translate("sync", "Sender") if state.step == "push" else translate("sync", "Henter")
    if state.total:
        return translate("sync", "{0} {1} av {2}").format(word, state.done, state.total)
    return translate("sync", "{0} …").format(word)


def unsent_text(count: int) -> str:
    return (
        translate("sync", "1 usendt")
        if count == 1
        else translate("sync", "{0} usendt").format(count)
    )


def parked_text(count: int) -> str:
    if count == 1:
        return translate("sync", "1 kunne ikke sendes")
    return translate("sync", "{0} kunne ikke sendes").format(count)


def when(moment: datetime | None, now: datetime) -> str:
    """Say a past moment the short way: "08:12" today, "i går 15:40", "12.11. 09:00", "aldri"."""
    if moment is None:
        return translate("sync", "aldri")
    local, today = moment.astimezone(OSLO), now.astimezone(OSLO).date()
    clock = f"{local:%H:%M}"
    days = (today - local.date()).days
    if days == 0:
        return clock
    if days == 1:
        return translate("sync", "i går {0}").format(clock)
    return f"{local.day}.{local.month}. {clock}"


def age(since: datetime, now: datetime) -> str:
    """Say how long something has waited, rounded down: "3 min", "2 t", "4 døgn"."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < 60:
        return translate("sync", "{0} min").format(minutes)
    if minutes < 48 * 60:
        return translate("sync", "{0} t").format(minutes // 60)
    return translate("sync", "{0} døgn").format(minutes // (24 * 60))


def headline(state: SyncState, now: datetime) -> Lines:
    """Return the sync page's head for a state."""
    view = pill(state, now)
    last = translate("sync", "Sist fullført synk: {0}.").format(
        when(state.status.last_complete, now)
    )
    if not state.online:
        safe = translate(
            "sync", "Alt du skriver er trygt lagret på maskinen og sendes når dekningen er tilbake."
        )
        return Lines(translate("sync", "Uten dekning"), f"{safe} {last}", view.tone, view.icon)
    if state.status.parked:
        held = translate("sync", "De står i listen under med årsak. Ingenting er slettet.")
        return Lines(parked_text(state.status.parked), f"{held} {last}", view.tone, view.icon)
    if view.tone == "ok":  # the time stands in the line below
        return Lines(translate("sync", "Alt er sendt"), last, view.tone, view.icon)
    return Lines(view.text, last, view.tone, view.icon)
