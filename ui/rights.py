"""Screens do not offer what the person's role may not do. The services and the server ask again."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QWidget

from fieldapp.domain.rights import Right, has_office
from fieldapp.services import register_view, rights
from fieldapp.services.session import Session

_WANTED: Final[dict[str, tuple[Right, ...]]] = {
    "today": (Right.READ_PATIENTS,),
    "patients": (Right.READ_PATIENTS,),
    "patient": (Right.READ_PATIENTS,),
    "visit": (Right.RECORD_CARE,),
    "screening": (Right.RECORD_CARE,),
    "rapid_test": (Right.RECORD_CARE,),
    "imports": (Right.REGISTER_PATIENTS,),
    "handout": (Right.HAND_OUT,),
    "sheets": (Right.HAND_OUT, Right.RECORD_CARE),
    "witness": (Right.WITNESS,),
}
"""Either is enough. Pages that are not here are for everybody, or are asked about below."""


def offer(widget: QWidget, session: Session, *wanted: Right) -> None:
    """Hide what needs one of these rights from who has none. For what nothing else shows again."""
    if not rights.has(session, *wanted):
        widget.hide()


def may_open(session: Session, page: str) -> bool:
    """True for a page of `ui.pages` that has something for this person."""
    if page == "register":
        return register_view.may_open(session)
    if page == "office":
        return has_office(session.user.role)
    return page not in _WANTED or rights.has(session, *_WANTED[page])


def first_page(session: Session) -> str:
    """Where the person's work begins: the day, the office, the signatures, or at least the sync."""
    return next(page for page in ("today", "office", "witness", "sync") if may_open(session, page))
