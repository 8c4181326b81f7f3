"""Names and words that both sides know from the start, so that they never travel (`packing`).

Frozen for protocol 2: an entry added, removed or moved would give every later one another number.
What is not here travels as text at its first use, so a newer kind or field needs no entry.
"""

from __future__ import annotations

from typing import Final


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NAMES: Final[tuple[str, ...]] = _listed(
    """
    report records drafts dropped_drafts foreign_drafts log rules pull now app_version waiting
    parked conflicts drafts_unsent last_complete disk_encrypted change_id kind id patient_id
    base_version sequence body offset_ms cursor page_records have whole after lines at actor_id
    action record_id form encounter_id saved_at server_time results settled drafts_held
    foreign_drafts_mark log_head epoch fresh forked outcome version reason server_body
    server_version ended_patients complete total scope author_id device_id received_at hash
    draft device_name mark drafts_travel courier_allowed count digest digests patient_ids
    changed holdings username name role phone active family_name given_name national_id
    birth_date sex level address postal_code city gp_name practical temporary_number
    replaced_by practitioner_id primary category state text confirmed_on confirmed_by relation
    may_be_informed note product atc strength doses weekdays place valid_from prescriber
    revision concentration_mg_per_ml valid_to stopped_on source part dose_mg target_kind
    target_id proposed_at values status decided_by decided_at decision day time purpose
    created_by started_at appointment_id ended_at participants travel_minutes recorded_at
    request_id request_revision given_at dose_ml witnessed identity_check observed_state
    reason_text retrospective reverses code evidence raised_at involved answered_by answered_at
    answer template signed_at addendum_to instrument instrument_version language scoring_hash
    answers authored_at lowest highest band findings norm_set state_at_completion panel
    panel_version specimen supervised readings taken_at lot expiry temperature_ok comment
    analyte cutoff unit result expected
    seen diverged commit trail common drafts_mark drafts_kept
    """
)
"""Fields of the messages and of the kinds of record, in the order in which they stand there."""

WORDS: Final[dict[str, tuple[str, ...]]] = {
    name: _listed(words)
    for name, words in {
        "kind": """
            practitioner patient assignment flag contact medication_request proposal
            appointment encounter medication_administration detected_issue note
            screening_response rapid_test home outdoors office phone video
            """,
        "outcome": "accepted repeated merged conflict refused",
        "role": """
            case_manager lar_staff witness prescriber team_leader secretary specialist peer
            auditor administrator recovery_officer record_responsible
            """,
        "sex": "female male unknown",
        "level": "act case_management",
        "category": """
            allergy violence_risk suicide_risk two_together legal_basis children crisis_plan
            interpreter
            """,
        "state": "present none_known",
        "relation": """
            parent child sibling partner friend guardian gp specialist service other
            """,
        "place": "home handout_point pharmacy",
        "part": "morning noon evening night",
        "status": """
            open accepted declined planned cancelled in_progress finished no_show given
            withheld refused not_met entered_in_error answered
            """,
        "identity_check": "known document photo",
        "observed_state": "unaffected possibly_affected intoxicated sedated",
    }.items()
}
"""Codes by the name of their field."""
