"""A country of laptops for `rush`: who follows whom, and a day's work for each of them.

Laptops stand in a ring. Each user has a group of patients of their own and also follows the group
of the next user, as a deputy would, so that about half of what a laptop fetches is a colleague's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fieldapp.domain.kinds import Policy, kind_of, policy_of
from fieldapp.domain.medication import MedicationAdministration
from fieldapp.ids import new_id
from sync.protocol.messages import PushRecord
from tests.bench._office import Member
from tests.bench._workload import Record, Workload, body_of, patient_of

GROUP = 13
_HANDOUT = kind_of(MedicationAdministration)


@dataclass(frozen=True, slots=True)
class Country:
    """`members[i]` follows the groups i and i + 1; `groups` are ids of patients."""

    members: list[Member]
    groups: list[list[str]]
    workload: Workload

    @classmethod
    def of(cls, laptops: int, workload: Workload) -> Country:
        """Make users and patients, without any record yet."""
        groups = [[new_id() for _ in range(GROUP)] for _ in range(laptops)]
        members = [
            Member(new_id(), f"laptop{number}", (*own, *groups[(number + 1) % laptops]))
            for number, own in enumerate(groups)
        ]
        return cls(members, groups, workload)

    def patients(self) -> Iterator[Record]:
        """Every patient, as the workload's patients in turn."""
        known = [record for record in self.workload.first if record["type"] == "patient"]
        for number, patient_id in enumerate(one for group in self.groups for one in group):
            yield {**known[number % len(known)], "id": patient_id}

    def day(
        self, number: int, versions: dict[str, int], *, first_sequence: int = 1
    ) -> list[PushRecord]:
        """The workload's day as the work of laptop `number`, with new ids.

        `versions` are the server's versions of the patients that it edits. Those are of its own
        group, so that two laptops never edit the same patient; a conflict is not measured here.
        `first_sequence` is the next free place in the laptop's queue.
        """
        member = self.members[number]
        changes = self.workload.day
        edited = [record["id"] for record in changes if record["type"] == "patient"]
        others = {patient_of(record) for record in changes} - set(edited)
        in_order = [*edited, *sorted(others)]
        place = dict(zip(in_order, member.patients, strict=False))
        return [
            _change(record, sequence, member, place[patient_of(record)], versions)
            for sequence, record in enumerate(changes, start=first_sequence)
        ]


def _change(
    record: Record, sequence: int, member: Member, patient_id: str, versions: dict[str, int]
) -> PushRecord:
    body = body_of(record)
    if policy_of(record["type"]) is Policy.EVENT:
        body |= {"id": new_id(), "patient_id": patient_id, "author_id": member.id}
    else:
        # Another number each time, or a second day would change nothing.
        body |= {"id": patient_id, "rev": sequence}
    if record["type"] == _HANDOUT:
        # Another order: two laptops that hand out in one slot would be a double handout.
        body |= {"request_id": new_id()}
    return PushRecord(
        change_id=body["id"] if "patient_id" in body else new_id(),
        kind=record["type"],
        id=body["id"],
        patient_id=patient_id,
        base_version=0 if "patient_id" in body else versions[patient_id],
        sequence=sequence,
        body=body,
    )
