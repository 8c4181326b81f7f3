"""Screens do not offer what the person's role may not do. The services and the server ask again."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from fieldapp.domain.rights import Right, has_office
from fieldapp.services import register_view, rights
from fieldapp.services.session import Session

_READING = frozenset(
    {"today", "patients", "patient", "visit", "screening", "rapid_test", "imports"}
)


def offer(widget: QWidget, session: Session, *wanted: Right) -> None:
    """Hide what needs one of these rights from who has none. For what nothing else shows again."""
    if not rights.has(session, *wanted):
        widget.hide()


def may_open(session: Session, page: str) -> bool:
    """True for a page of `ui.pages` that has something for this person."""
    if page in _READING:
        return rights.has(session, Right.READ_PATIENTS)
    if page == "handout":
        return rights.has(session, Right.HAND_OUT)
    if page == "sheets":
        return rights.has(session, Right.HAND_OUT, Right.RECORD_CARE)
    if page == "register":
        return register_view.may_open(session)
    if page == "office":
        return has_office(session.user.role)
    if page == "witness":
        return rights.has(session, Right.WITNESS)
    return True


def first_page(session: Session) -> str:
    """Where the person's work begins: the day, the office, the signatures, or at least the sync."""
    return next(page for page in ("today", "office", "witness", "sync") if may_open(session, page))
