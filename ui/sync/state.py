"""What the window says about sync: pure values and the words for them.

"Synced" is said only when nothing waits, nothing is parked and the pull is complete.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from PySide6.QtCore import QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.services.sync_status import SyncStatus

Tone = Literal["neutral", "ok", "warn", "danger", "accent"]

translate = QCoreApplication.translate

NEEDS_LOGIN = frozenset(
    {"login_expired", "token_expired", "proof_refused", "proof_time", "wrong_password"}
)
"""Error codes after which only a login lets anything be sent."""

LINE_DOWN = frozenset({"offline", "timeout"})
"""Error families after which the line is tried again before anything is sent."""

NO_COVERAGE = "offline"
"""The error code that says no more than that there is no coverage."""


@dataclass(frozen=True, slots=True)
class SyncState:
    """Everything the pill and the sync page need to know.

    `done` and `total` count records of the running step; `total` is 0 while it is not known.
    `paused` says that a person has stopped syncing; it begins again when a person says so.
    """

    status: SyncStatus
    online: bool = False
    running: bool = False
    step: str = ""
    done: int = 0
    total: int = 0
    error_code: str | None = None
    paused: bool = False


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


class Standing(StrEnum):
    """How sync stands, the gravest first: the first one that holds is what the pill says."""

    SAFETY = "safety"
    OFFLINE = "offline"
    LOGIN = "login"
    CONFLICT = "conflict"
    PARKED = "parked"
    SYNCING = "syncing"
    FAILED = "failed"
    INCOMPLETE = "incomplete"
    PAUSED = "paused"
    WAITING = "waiting"
    OK = "ok"


def standing(state: SyncState) -> Standing:
    """Return the first state that holds."""
    status = state.status
    holds = {
        Standing.SAFETY: status.issues > 0,
        Standing.OFFLINE: not state.online,
        Standing.LOGIN: state.error_code in NEEDS_LOGIN,
        Standing.CONFLICT: status.conflicts > 0,
        Standing.PARKED: status.parked > 0,
        Standing.SYNCING: state.running,
        Standing.FAILED: state.error_code is not None,
        Standing.INCOMPLETE: not status.pull_complete,
        Standing.PAUSED: state.paused,
        Standing.WAITING: status.unsent > 0,
        Standing.OK: True,
    }
    return next(which for which in Standing if holds[which])


_LOOKS: dict[Standing, tuple[str, Tone]] = {
    Standing.SAFETY: ("shield-alert", "danger"),
    Standing.OFFLINE: ("cloud-off", "warn"),
    Standing.LOGIN: ("key-round", "warn"),
    Standing.CONFLICT: ("circle-alert", "danger"),
    Standing.PARKED: ("circle-alert", "danger"),
    Standing.SYNCING: ("refresh-cw", "accent"),
    Standing.FAILED: ("triangle-alert", "danger"),
    Standing.INCOMPLETE: ("cloud-download", "warn"),
    Standing.PAUSED: ("pause", "warn"),
    Standing.WAITING: ("cloud-upload", "warn"),
    Standing.OK: ("check", "ok"),
}


def pill(state: SyncState, now: datetime) -> PillView:
    """Return the pill; the first state that holds wins."""
    which = standing(state)
    icon, tone = _LOOKS[which]
    return PillView(icon, _pill_text(which, state, now), tone)


def _pill_text(which: Standing, state: SyncState, now: datetime) -> str:
    status = state.status
    if which is Standing.SAFETY:
        words = issues_text(status.issues)
        return words if state.online else translate("sync", "{0} · uten dekning").format(words)
    if which is Standing.OFFLINE:
        return offline_text(status)
    if which is Standing.LOGIN:
        return translate("sync", "Logg inn for å sende ({0} venter)").format(status.unsent)
    if which is Standing.CONFLICT:
        return conflicts_text(status.conflicts)
    if which is Standing.PARKED:
        return parked_text(status.parked)
    if which is Standing.SYNCING:
        return step_text(state)
    return _quiet_text(which, status, now)


def _quiet_text(which: Standing, status: SyncStatus, now: datetime) -> str:
    if which is Standing.FAILED:
        return translate("sync", "Sist synk feilet · se hvorfor")
    if which is Standing.INCOMPLETE:
        return translate("sync", "Henting ikke fullført")
    if which is Standing.PAUSED:
        paused = translate("sync", "Synk er stoppet")
        return f"{paused} · {unsent_text(status.unsent)}" if status.unsent else paused
    if which is Standing.WAITING:
        return unsent_text(status.unsent)
    return translate("sync", "Alt er sendt · {0}").format(when(status.last_complete, now))


def offline_text(status: SyncStatus) -> str:
    """Say that there is no coverage, and everything that is not settled with the server."""
    parts = [translate("sync", "Uten dekning")]
    if status.issues:
        parts.append(issues_text(status.issues))
    if status.unsent:
        parts.append(translate("sync", "{0} usendt").format(status.unsent))
    if status.conflicts:
        parts.append(translate("sync", "{0} i konflikt").format(status.conflicts))
    if status.stopped:
        parts.append(translate("sync", "{0} stoppet").format(status.stopped))
    if len(parts) == 1:
        parts.append(translate("sync", "ingenting venter"))
    return " · ".join(parts)


def issues_text(count: int) -> str:
    if count == 1:
        return translate("sync", "1 sikkerhetssak")
    return translate("sync", "{0} sikkerhetssaker").format(count)


def conflicts_text(count: int) -> str:
    if count == 1:
        return translate("sync", "1 konflikt · velg hva som gjelder")
    return translate("sync", "{0} konflikter · velg hva som gjelder").format(count)


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
    which = standing(state)
    icon, tone = _LOOKS[which]
    last = translate("sync", "Sist fullført synk: {0}.").format(
        when(state.status.last_complete, now)
    )
    title = _pill_text(which, state, now)
    if which is Standing.OK:  # the time stands in the line below
        title = translate("sync", "Alt er sendt")
    return Lines(title, " ".join(part for part in (_meaning(which), last) if part), tone, icon)


def _meaning(which: Standing) -> str:
    """What the state means for the person at the laptop; empty where the title says it all."""
    if which is Standing.SAFETY:
        return translate("sync", "Noe må sees på nå. Åpne saken i listen under.")
    if which is Standing.OFFLINE:
        return translate(
            "sync", "Alt du skriver er trygt lagret på maskinen og sendes når dekningen er tilbake."
        )
    if which is Standing.CONFLICT:
        return translate("sync", "Begge sider er tatt vare på. Det kan vente til du har tid.")
    if which is Standing.PARKED:
        return translate("sync", "De står i listen under med årsak. Ingenting er slettet.")
    if which is Standing.PAUSED:
        return translate(
            "sync", "Noen har stoppet synk her. Ingenting sendes eller hentes før du trykker Synk."
        )
    return ""
