"""The words of an outcome: stable codes with their Korean and English labels. Pure data.

Rule: a code, once used, keeps its meaning for ever, since figures over years are made of them.
Source: the service's own brief and referral kinds; risk after the C-SSRS screener's triage;
contact kinds' counselling / non-counselling split after Child Helpline International.
"""

from dataclasses import dataclass
from typing import Literal

Shape = Literal["one", "several", "referrals", "text"]


@dataclass(frozen=True)
class Term:
    """One code and what people read for it."""

    code: str
    ko: str
    en: str


@dataclass(frozen=True)
class Field:
    """One field of the outcome. numeric: its codes are sent as numbers."""

    name: str
    shape: Shape
    ko: str
    en: str
    terms: tuple[Term, ...] = ()
    numeric: bool = False


def _terms(*rows: tuple[str, str, str]) -> tuple[Term, ...]:
    return tuple(Term(*row) for row in rows)


CHANNELS = _terms(
    ("inbound_phone", "걸려 온 전화", "inbound call"),
    ("outbound_callback", "다시 건 전화", "callback"),
    ("outbound_scheduled", "약속한 전화", "scheduled call"),
    ("chatbot_handoff", "챗봇에서 이어짐", "handed over by the chatbot"),
    ("third_party_application", "다른 사람의 신청", "asked for by somebody else"),
    ("video", "영상", "video"),
)
CONTACT_KINDS = _terms(
    ("loneliness_talk", "외로움 대화", "loneliness talk"),
    ("information", "정보 문의", "information"),
    ("crisis", "위기", "crisis"),
    ("referral_request", "연계 요청", "asks for a referral"),
    ("follow_up", "이어지는 상담", "follow-up"),
    ("misunderstood_service", "서비스 오해", "misunderstood the service"),
    ("misdial_wrong_menu", "잘못 걸림", "misdialled or wrong menu"),
    ("silent", "말없음", "silent"),
    ("hung_up_early", "바로 끊음", "hung up early"),
    ("prank", "장난", "prank"),
    ("abusive", "폭언·성희롱", "abusive"),
    ("test", "시험 전화", "test"),
)
RELATIONS = _terms(
    ("self", "본인", "self"),
    ("family", "가족", "family"),
    ("friend", "친구", "friend"),
    ("neighbour", "이웃", "neighbour"),
    ("acquaintance_or_coworker", "지인·동료", "acquaintance or coworker"),
    ("public_servant_or_agency", "공무원·기관", "public servant or agency"),
    ("contact_point_business", "동네 가게", "local business"),
    ("unknown", "모름", "unknown"),
)
AGE_BANDS = _terms(
    ("adolescent", "청소년 9-18", "adolescent 9-18"),
    ("young", "청년 19-39", "young 19-39"),
    ("middle", "중장년 40-64", "middle 40-64"),
    ("older", "어르신 65+", "older 65+"),
    ("unknown", "모름", "unknown"),
)
GENDERS = _terms(
    ("f", "여성", "female"),
    ("m", "남성", "male"),
    ("other", "그 밖", "other"),
    ("unknown", "모름", "unknown"),
)
HOUSEHOLDS = _terms(
    ("alone", "혼자", "alone"),
    ("with_family", "가족과 함께", "with family"),
    ("facility", "시설", "facility"),
    ("non_standard_housing", "고시원 등", "non-standard housing"),
    ("unknown", "모름", "unknown"),
)
LANGUAGES = _terms(
    ("ko", "한국어", "Korean"),
    ("en", "영어", "English"),
    ("zh", "중국어", "Chinese"),
    ("ja", "일본어", "Japanese"),
    ("vi", "베트남어", "Vietnamese"),
    ("mn", "몽골어", "Mongolian"),
    ("other", "그 밖", "other"),
)
REASONS = _terms(
    ("loneliness", "외로움", "loneliness"),
    ("isolation_no_one_to_talk", "말할 사람이 없음", "nobody to talk to"),
    ("reclusion", "은둔", "reclusion"),
    ("re_isolation", "재고립", "isolated again"),
    ("friends_school", "친구·학교", "friends, school"),
    ("study_stress", "학업", "study"),
    ("job_seeking_future", "구직·진로", "job seeking, future"),
    ("work_stress", "직장", "work"),
    ("family_breakdown_divorce", "가족 해체·이혼", "family breakdown, divorce"),
    ("family_conflict", "가족 갈등", "family conflict"),
    ("bereavement", "사별", "bereavement"),
    ("business_failure", "사업 실패", "business failure"),
    ("debt_hardship", "빚·생활고", "debt, hardship"),
    ("living_alone_old_age", "노년의 홀로 삶", "old age alone"),
    ("health_chronic", "건강·만성질환", "health, chronic illness"),
    ("depression_anxiety", "우울·불안", "depression, anxiety"),
    ("alcohol_or_addiction", "술·중독", "alcohol, addiction"),
    ("housing", "주거", "housing"),
    ("violence_abuse", "폭력·학대", "violence, abuse"),
    ("care_burden", "돌봄 부담", "burden of care"),
    ("suicidal_thoughts", "자살 생각", "suicidal thoughts"),
    ("third_party_worry", "다른 사람 걱정", "worried about somebody"),
    ("welfare_information", "복지 정보", "welfare information"),
    ("holiday_loneliness", "명절·연휴의 외로움", "holiday loneliness"),
    ("other", "그 밖", "other"),
)
ISOLATION_LEVELS = _terms(
    ("0", "관계 지원", "0: support of relations"),
    ("1", "일상 지원", "1: support of daily life"),
    ("2", "일상 위험 고립", "2: isolated, daily life at risk"),
    ("3", "집중 관리", "3: close care"),
    ("4", "긴급 위기", "4: urgent crisis"),
)
RISKS = _terms(
    ("none", "없음", "none"),
    ("low", "낮음", "low"),
    ("moderate", "보통", "moderate"),
    ("high", "높음", "high"),
    ("imminent", "임박", "imminent"),
    ("not_assessed", "평가하지 못함", "not assessed"),
)
FLAGS = _terms(
    ("child_abuse", "아동학대", "child abuse"),
    ("domestic_violence", "가정폭력", "domestic violence"),
    ("self_neglect", "자기방임", "self-neglect"),
    ("harm_to_others", "타해 위험", "harm to others"),
    ("medical", "의료 응급", "medical"),
)
OUTCOMES = _terms(
    ("eased_closed", "마음이 나아져 마침", "eased and closed"),
    ("information_given", "정보 안내", "information given"),
    ("needs_more_time_outbound", "시간이 더 필요해 전화 예약", "needs more time: call back"),
    ("referred", "연계", "referred"),
    ("escalated_emergency", "긴급구조로 이관", "escalated to emergency services"),
    ("caller_ended", "발신자가 마침", "the caller ended"),
    ("counselor_ended_abuse", "폭언으로 상담사가 마침", "ended by the counselor: abuse"),
    ("line_lost", "전화가 끊김", "the line was lost"),
    ("transferred_dasan_general", "120 일반 상담으로 이관", "transferred to Dasan"),
    ("declined_help", "도움을 원하지 않음", "declined help"),
)
REFERRALS = _terms(
    ("on_site_visit", "현장방문", "on-site visit"),
    ("emergency_intervention", "긴급개입(119·112)", "emergency intervention (119, 112)"),
    ("in_depth_counseling", "심층상담", "in-depth counseling"),
    ("service_linkage", "서비스 연계", "service linkage"),
    ("outbound_companion", "동행상담", "companion calls"),
    ("crisis_line_109", "자살예방 109", "suicide prevention 109"),
    ("mental_health_center_1577_0199", "정신건강 1577-0199", "mental health 1577-0199"),
    ("youth_1388", "청소년 1388", "youth 1388"),
    ("psychological_support_center", "심리지원센터", "psychological support centre"),
    ("mind_investment_8_sessions", "마음투자 8회", "mind investment, 8 sessions"),
    ("youth_stretch_center", "청년기지개센터", "youth stretch centre"),
    ("maeum_convenience_store", "서울마음편의점", "Seoul mind store"),
    ("challenge_365", "365 서울챌린지", "365 challenge"),
    ("connection_prescription", "연결처방", "connection prescription"),
    ("district_welfare_office", "구청·주민센터", "district welfare office"),
    ("foreign_language_line", "외국어 상담", "foreign-language line"),
)
REFERRAL_STATES = _terms(
    ("proposed", "권함", "proposed"),
    ("consented", "동의함", "consented"),
    ("refused", "거절함", "refused"),
    ("sent", "보냄", "sent"),
    ("accepted", "접수됨", "accepted"),
    ("contact_confirmed", "연락 확인", "contact confirmed"),
    ("closed", "종결", "closed"),
    ("returned", "반려", "returned"),
    ("unreachable", "연락 안 됨", "unreachable"),
    ("withdrawn", "철회", "withdrawn"),
)
CONSENTS = _terms(
    ("none_anonymous", "없음(익명)", "none, anonymous"),
    ("contact_for_callback", "다시 전화", "contact for a callback"),
    ("personal", "개인정보", "personal data"),
    ("sensitive", "민감정보", "sensitive data"),
    ("provision_to_third_party", "제3자 제공", "provision to third parties"),
    ("recording", "녹음", "recording"),
    ("night_calls", "밤 전화", "night calls"),
)
IMPACTS = _terms(
    ("ordinary", "보통", "ordinary"),
    ("heavy", "마음이 무거움", "heavy"),
    ("abusive", "폭언을 겪음", "abusive"),
    ("debrief_wanted", "이야기 나누고 싶음", "would like a debrief"),
)
DURATION_CLASSES = _terms(
    ("under_5", "5분 미만", "under 5 min"),
    ("5_20", "5-20분", "5-20 min"),
    ("20_30", "20-30분", "20-30 min"),
    ("30_60", "30-60분", "30-60 min"),
    ("over_60", "60분 넘음", "over 60 min"),
)

FIELDS = (
    Field("contact_kind", "one", "어떤 전화였나요", "kind of call", CONTACT_KINDS),
    Field("outcome", "one", "어떻게 마쳤나요", "outcome", OUTCOMES),
    Field("reasons", "several", "이야기한 어려움", "reasons", REASONS),
    Field("main_reason", "one", "가장 큰 어려움", "main reason", REASONS),
    Field("risk", "one", "자살 위험", "suicide risk", RISKS),
    Field("risk_reason", "text", "위험을 평가하지 못한 이유", "why risk was not assessed"),
    Field("isolation_level", "one", "고립 정도", "isolation level", ISOLATION_LEVELS, True),
    Field("age_band", "one", "나이대", "age band", AGE_BANDS),
    Field("gender", "one", "성별", "gender", GENDERS),
    Field("household", "one", "사는 형태", "household", HOUSEHOLDS),
    Field("relation", "one", "누구의 일인가요", "who it is about", RELATIONS),
    Field("language", "one", "상담 언어", "language", LANGUAGES),
    Field("channel", "one", "통로", "channel", CHANNELS),
    Field("flags", "several", "살필 것", "flags", FLAGS),
    Field("referrals", "referrals", "연계", "referrals", REFERRALS),
    Field("consents", "several", "동의", "consents", CONSENTS),
    Field("impact", "one", "상담사에게는", "impact on the counselor", IMPACTS),
    Field("notes", "text", "메모", "notes"),
)

# Calls that were no consultation: their kind says all, so the rest may be left out.
BRIEF_OUTCOMES = {
    "misunderstood_service": "information_given",
    "misdial_wrong_menu": "information_given",
    "silent": "caller_ended",
    "hung_up_early": "caller_ended",
    "prank": "caller_ended",
    "abusive": "counselor_ended_abuse",
    "test": "caller_ended",
}
# Kinds of call that are about somebody's trouble: it is named, and risk is asked about.
TALKS = frozenset({"loneliness_talk", "crisis", "referral_request", "follow_up"})
EMERGENCY_REFERRALS = frozenset({"emergency_intervention", "crisis_line_109"})

NOTES_LENGTH_MAX = 4000
RISK_REASON_LENGTH_MAX = 300


def codes(terms: tuple[Term, ...]) -> tuple[str, ...]:
    """Return the codes of `terms`, in their order."""
    return tuple(term.code for term in terms)


def duration_class(talk_seconds: float) -> str:
    """Return the class of a conversation's length; each class begins at its lower bound."""
    bounds = ((5, "under_5"), (20, "5_20"), (30, "20_30"), (60, "30_60"))
    for minutes, code in bounds:
        if talk_seconds < minutes * 60:
            return code
    return "over_60"
