"""Wishes about records that the server owns: written here, decided on at the office."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.codec import BodyError, from_body, to_body
from fieldapp.domain.handout_events import DoseIncident
from fieldapp.domain.kinds import KINDS, Policy
from fieldapp.domain.lease import Area
from fieldapp.domain.medication import MedicationAdministration, MedicationRequest
from fieldapp.domain.proposals import Proposal
from fieldapp.domain.rights import Right
from fieldapp.errors import UserError
from fieldapp.services import lease, people
from fieldapp.services.rights import needs
from fieldapp.services.session import NotFoundError, Session
from fieldapp.store import records


class NothingWishedError(UserError):
    """A wish needs words, or a value that is another than now."""

    code = "nothing_wished"


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A wish with the names of who wrote and who decided; blank where nobody has."""

    proposal: Proposal
    author_name: str
    decided_by_name: str
    product: str


@needs(Right.RECORD_CARE)
def wish(
    session: Session,
    target_kind: str,
    target_id: str,
    values: Mapping[str, Any],
    reason: str,
) -> ChangeSet:
    """Write down what this person would change in a record that the server owns.

    The record stays as it is. ``values`` are fields of its body; those that say what stands there
    already are left out. Raises NothingWishedError, NotFoundError, and BodyError for values that
    the record cannot have.
    """
    with session.write() as unit:
        body = records.body_of(session.database, target_kind, target_id)
        known = KINDS.get(target_kind)
        if body is None or known is None or known.policy is not Policy.SERVER:
            raise NotFoundError(target_id)
        other = {name: value for name, value in values.items() if body.get(name) != value}
        if not other and not reason.strip():
            raise NothingWishedError
        from_body(known.value_type, {**body, **other})
        patient_id = body.get("patient_id")
        if not isinstance(patient_id, str):
            raise BodyError("patient_id", "missing")
        proposal = Proposal(
            id=session.new_id(),
            patient_id=patient_id,
            target_kind=target_kind,
            target_id=target_id,
            author_id=session.user.id,
            proposed_at=unit.now,
            reason=reason.strip(),
            values=other,
        )
        unit.save(proposal, "propose")
    return unit.changes(proposal.id)


@needs(Right.READ_PATIENTS)
@lease.reads(Area.OLDER_NOTES)
def for_patient(session: Session, patient_id: str) -> list[ProposalView]:
    """All wishes about a patient, the newest first."""
    found = records.select(session.database, Proposal, "patient_id = ?", (patient_id,))
    found.sort(key=lambda proposal: (proposal.proposed_at, proposal.id), reverse=True)
    names = people.names(session)
    return [
        ProposalView(
            proposal=proposal,
            author_name=names.get(proposal.author_id, ""),
            decided_by_name=names.get(proposal.decided_by or "", ""),
            product=_product(session, proposal),
        )
        for proposal in found
    ]


def order_values(order: MedicationRequest) -> dict[str, Any]:
    """The fields of an order as they travel, to be changed in a wish."""
    return to_body(order)


def _product(session: Session, proposal: Proposal) -> str:
    order_id: str | None = proposal.target_id
    if proposal.target_kind in ("medication_administration", "dose_incident"):
        order_id = _order_of_dose(session, proposal)
    elif proposal.target_kind != "medication_request":
        return ""
    request = records.get(session.database, MedicationRequest, order_id) if order_id else None
    return request.product if request is not None else ""


def _order_of_dose(session: Session, proposal: Proposal) -> str | None:
    """Return the order of the dose whose slot is to be opened again."""
    dose_id: str | None = proposal.target_id
    if proposal.target_kind == "dose_incident":
        incident = records.get(session.database, DoseIncident, proposal.target_id)
        dose_id = next(iter(incident.administration_ids), None) if incident is not None else None
    dose = records.get(session.database, MedicationAdministration, dose_id) if dose_id else None
    return dose.request_id if dose is not None else None
