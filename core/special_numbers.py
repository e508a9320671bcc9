"""Numbers that are services, not people: the table consulted before any other reading of a number.

Rule: a national number of three or four digits that begins with 1, with or without an area code
before it, is a service even when this table does not name it. Facts: helplines of Korea as
published by the ministries that run them; 109 took in 1393 on 2024-01-01.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class SpecialNumber:
    """One service number. kind: emergency, crisis or public. number: as it is dialled."""

    number: str
    kind: str
    ko: str
    en: str


_ROWS = (
    ("112", "emergency", "경찰", "police"),
    ("119", "emergency", "소방·구급", "fire and ambulance"),
    ("109", "crisis", "자살예방상담전화", "suicide prevention line"),
    ("1393", "crisis", "자살예방상담(109로 통합)", "former suicide prevention line, now 109"),
    ("15770199", "crisis", "정신건강위기상담", "mental health crisis line"),
    ("15889191", "crisis", "생명의전화", "Lifeline Korea"),
    ("1388", "crisis", "청소년전화", "youth line"),
    ("1366", "crisis", "여성긴급전화", "women's emergency line"),
    ("15771366", "crisis", "다누리콜센터", "Danuri line for multicultural families"),
    ("15771389", "crisis", "노인학대신고", "elder abuse reports"),
    ("117", "crisis", "학교폭력신고", "school violence reports"),
    ("110", "public", "정부민원안내", "government enquiries"),
    ("111", "public", "국가정보원", "intelligence service"),
    ("113", "public", "간첩신고", "security reports"),
    ("114", "public", "전화번호안내", "directory enquiries"),
    ("118", "public", "사이버민원", "internet safety"),
    ("120", "public", "다산콜", "Dasan call centre"),
    ("121", "public", "수도", "water"),
    ("123", "public", "한국전력", "electricity"),
    ("125", "public", "관세청", "customs"),
    ("126", "public", "국세청", "tax"),
    ("128", "public", "환경신문고", "environment"),
    ("129", "public", "보건복지상담", "health and welfare"),
    ("131", "public", "기상", "weather"),
    ("132", "public", "법률구조공단", "legal aid"),
    ("1301", "public", "검찰", "prosecution"),
    ("1330", "public", "관광안내", "tourist line"),
    ("1331", "public", "국가인권위원회", "human rights commission"),
    ("1332", "public", "금융감독원", "financial supervision"),
    ("1333", "public", "교통정보", "traffic"),
    ("1339", "public", "질병관리청", "disease control"),
    ("1345", "public", "외국인종합안내", "immigration"),
    ("1350", "public", "고용노동부", "labour"),
    ("1355", "public", "국민연금", "national pension"),
    ("1357", "public", "중소기업", "small business"),
    ("1365", "public", "자원봉사", "volunteering"),
    ("1372", "public", "소비자상담", "consumers"),
    ("1390", "public", "선거관리위원회", "elections"),
)
SPECIAL_NUMBERS = {row[0]: SpecialNumber(*row) for row in _ROWS}

_AREA = "2|3[1-3]|4[1-4]|5[1-5]|6[1-4]"
_SHORT = re.compile(rf"(?:{_AREA})?(1\d{{2,3}})")


def find_special(national_digits: str) -> SpecialNumber | None:
    """Return the service that `national_digits` reaches, or None for an ordinary number.

    national_digits: digits only, country code removed, leading zeros kept or not ("02120").
    """
    digits = national_digits.lstrip("0")
    if digits in SPECIAL_NUMBERS:
        return SPECIAL_NUMBERS[digits]
    short = _SHORT.fullmatch(digits)
    if short is None:
        return None
    number = short[1]
    unnamed = SpecialNumber(number, "public", "특수번호", "service number")
    return SPECIAL_NUMBERS.get(number, unnamed)
