"""Fields of edited records that are not a laptop's to write; pure.

The record as a whole is edited on laptops, but these say what the server found, or what the office
or a second person decided. A change that says otherwise is not refused, for after a restore laptops
offer in good faith what the server has lost; the server's word stands, and the laptop is told it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from fieldapp.domain.issues import IssueStatus
from fieldapp.domain.proposals import ProposalStatus

Body = Mapping[str, Any]

_JOINED: Final = {"active": True, "replaced_by": None}
_DECISION: Final = {
    "status": ProposalStatus.OPEN.value,
    "decided_by": None,
    "decided_at": None,
    "decision": "",
}
_ANSWER: Final = {
    "status": IssueStatus.OPEN.value,
    "answered_by": None,
    "answered_at": None,
    "answer": "",
}
"""Each field with its value in a record of which the server has heard nothing yet."""

_FOUND: Final = ("code", "evidence", "raised_at", "involved")


def as_allowed(kind: str, body: Body, held: Body | None, user_id: str) -> Body:
    """Return what this user's laptop may say of a record: `body` itself where nothing is amiss.

    `held` is the server's newest text of the record, None when it has none.
    """
    if kind == "patient":
        joined_before = held.get("replaced_by") if held is not None else None
        if body.get("replaced_by", joined_before) == joined_before:
            return body
        return _with_servers(body, held, _JOINED)
    if kind == "proposal":
        return _with_servers(body, held, _DECISION)
    if kind == "detected_issue":
        return _issue(body, held, user_id)
    return body


def _issue(body: Body, held: Body | None, user_id: str) -> Body:
    """What the server found is the server's; whoever caused it does not answer it."""
    if held is not None:
        body = _with_servers(body, held, dict.fromkeys(_FOUND))
    involved = body.get("involved", ())
    if user_id in involved or body.get("answered_by") in involved:
        return _with_servers(body, held, _ANSWER)
    status = body.get("status", IssueStatus.OPEN.value)
    said = bool(body.get("answered_by")) and bool(str(body.get("answer", "")).strip())
    if status != IssueStatus.OPEN.value and not (status == IssueStatus.ANSWERED.value and said):
        # Under a status that nobody knows it would be out of sight.
        return _with_servers(body, held, _ANSWER)
    return body


def _with_servers(body: Body, held: Body | None, defaults: Mapping[str, Any]) -> Body:
    """Put the server's values in the place of the body's; a field that it lacks stays missing."""
    servers = {**defaults, **_only(held or {}, defaults)}
    differing = {
        field: value for field, value in servers.items() if field in body and body[field] != value
    }
    return {**body, **differing} if differing else body


def _only(body: Body, fields: Iterable[str]) -> dict[str, Any]:
    return {field: body[field] for field in fields if field in body}
