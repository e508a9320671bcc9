"""What came of a session: read against the taxonomy, each bad field named. Pure.

Rule: a call that was no consultation needs its kind and nothing else; a talk needs its main
reason and a word on risk; what was handed on says to whom.
"""

import uuid
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from core.fields import Body, Fault, Text
from counselors import taxonomy
from counselors.taxonomy import BRIEF_OUTCOMES, EMERGENCY_REFERRALS, TALKS, Term

REFERRALS_MAX = len(taxonomy.REFERRALS)


class OneOf:
    """Marks a text field as one of the taxonomy's codes, in validation and in the description."""

    def __init__(self, terms: tuple[Term, ...]) -> None:
        self.codes = taxonomy.codes(terms)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Check the code after the text itself."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe the field as an enumeration."""
        return {**handler(schema), "enum": list(self.codes)}

    def _check(self, code: str) -> str:
        if code not in self.codes:
            raise PydanticCustomError(
                "code", "must be one of: {codes}", {"codes": ", ".join(self.codes)}
            )
        return code


def _each_once(codes: list[str]) -> list[str]:
    if len(set(codes)) < len(codes):
        raise PydanticCustomError("twice", "must name each code once")
    return codes


EachOnce = AfterValidator(_each_once)
Risk = Annotated[str, OneOf(taxonomy.RISKS)]
Reason = Annotated[str, OneOf(taxonomy.REASONS)]
Flag = Annotated[str, OneOf(taxonomy.FLAGS)]
Consent = Annotated[str, OneOf(taxonomy.CONSENTS)]


class Referral(Body):
    """Somebody else who is to help, and how far that is."""

    kind: Annotated[str, OneOf(taxonomy.REFERRALS)]
    state: Annotated[str, OneOf(taxonomy.REFERRAL_STATES)] = "proposed"
    reason: Annotated[Text, Field(max_length=300)] | None = None


class Outcome(Body):
    """The outcome of one session. Notes are kept apart, sealed."""

    contact_kind: Annotated[str, OneOf(taxonomy.CONTACT_KINDS)]
    outcome: Annotated[str, OneOf(taxonomy.OUTCOMES)] | None = None
    channel: Annotated[str, OneOf(taxonomy.CHANNELS)] = "inbound_phone"
    relation: Annotated[str, OneOf(taxonomy.RELATIONS)] = "unknown"
    age_band: Annotated[str, OneOf(taxonomy.AGE_BANDS)] = "unknown"
    under_14: Annotated[bool, Field(strict=True)] = False
    gender: Annotated[str, OneOf(taxonomy.GENDERS)] = "unknown"
    household: Annotated[str, OneOf(taxonomy.HOUSEHOLDS)] = "unknown"
    language: Annotated[str, OneOf(taxonomy.LANGUAGES)] = "ko"
    reasons: Annotated[list[Reason], EachOnce] = Field(default_factory=list)
    main_reason: Reason | None = None
    isolation_level: Annotated[int, Field(strict=True, ge=0, le=4)] | None = None
    risk: Risk | None = None
    risk_reason: Annotated[Text, Field(max_length=taxonomy.RISK_REASON_LENGTH_MAX)] | None = None
    flags: Annotated[list[Flag], EachOnce] = Field(default_factory=list)
    referrals: list[Referral] = Field(default_factory=list, max_length=REFERRALS_MAX)
    consents: Annotated[list[Consent], EachOnce] = Field(default_factory=list)
    impact: Annotated[str, OneOf(taxonomy.IMPACTS)] = "ordinary"
    notes: Annotated[Text, Field(max_length=taxonomy.NOTES_LENGTH_MAX)] | None = None


def complete(said: Outcome) -> Outcome:
    """Return `said` with what follows from it filled in: a brief kind's outcome, a sole reason."""
    filled: dict[str, Any] = {}
    if said.outcome is None and said.contact_kind in BRIEF_OUTCOMES:
        filled["outcome"] = BRIEF_OUTCOMES[said.contact_kind]
    if said.main_reason is None and len(said.reasons) == 1:
        filled["main_reason"] = said.reasons[0]
    if said.main_reason is not None and not said.reasons:
        filled["reasons"] = [said.main_reason]
    if said.risk is None and said.contact_kind not in TALKS:
        filled["risk"] = "not_assessed"
    return said.model_copy(update=filled)


def faults(said: Outcome) -> tuple[Fault, ...]:
    """Return what is wrong between the fields of a completed outcome; empty where all is well."""
    return (*_of_the_kind(said), *_of_the_risk(said), *_of_the_referrals(said), *_of_consents(said))


def stored(said: Outcome) -> dict[str, Any]:
    """Return the outcome as it is stored: every field of the taxonomy but the notes."""
    return said.model_dump(mode="json", include=set(Outcome.model_fields) - {"notes"})


def notes_context(session_id: uuid.UUID) -> str:
    """Return what the notes of a session are sealed for."""
    return f"sessions.notes:{session_id}"


def _of_the_kind(said: Outcome) -> Iterator[Fault]:
    if said.outcome is None:
        yield Fault("outcome", "is needed for this kind of call")
    if said.contact_kind in TALKS and said.main_reason is None:
        yield Fault("main_reason", "is needed for a talk")
    if said.main_reason is not None and said.main_reason not in said.reasons:
        yield Fault("main_reason", "must be one of the reasons")
    if said.outcome == "counselor_ended_abuse" and said.contact_kind != "abusive":
        yield Fault("contact_kind", "must be abusive where the counselor ended it for abuse")
    if said.under_14 and said.age_band not in {"adolescent", "unknown"}:
        yield Fault("age_band", "can't be this for a child under 14")


def _of_the_risk(said: Outcome) -> Iterator[Fault]:
    if said.risk is None:
        yield Fault("risk", "is needed for a talk; not_assessed with a reason if it was not asked")
    in_talk = said.contact_kind in TALKS
    if in_talk and said.risk == "not_assessed" and not said.risk_reason:
        yield Fault("risk_reason", "says why risk was not assessed")
    if said.contact_kind == "crisis" and said.risk == "none":
        yield Fault("risk", "can't be none in a crisis")


def _of_the_referrals(said: Outcome) -> Iterator[Fault]:
    kinds = [referral.kind for referral in said.referrals]
    if len(set(kinds)) < len(kinds):
        yield Fault("referrals", "must name each kind once")
    if said.outcome == "referred" and not kinds:
        yield Fault("referrals", "names at least one where the call was referred")
    if said.outcome == "escalated_emergency" and not EMERGENCY_REFERRALS & set(kinds):
        yield Fault("referrals", "names emergency_intervention or crisis_line_109")
    for place, referral in enumerate(said.referrals):
        emergency = referral.kind == "emergency_intervention"
        if emergency and referral.state == "closed" and not referral.reason:
            yield Fault(f"referrals.{place}.reason", "says why an emergency hand-over is closed")


def _of_consents(said: Outcome) -> Iterator[Fault]:
    if "none_anonymous" in said.consents and len(said.consents) > 1:
        yield Fault("consents", "none_anonymous stands alone")
    if said.under_14 and {"personal", "sensitive"} & set(said.consents):
        yield Fault("consents", "of a child under 14 need a legal representative")
