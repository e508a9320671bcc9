"""Certificates: which kinds there are, on which days one holds, which hours of training each role
needs. Pure.

Rule: a certificate holds to the end of its last day in Seoul. Counselors have a certificate in
social work or counseling and about 60 hours of training, companions about 40 (the city's call for
the line's staff); a companion needs no certificate.
"""

from datetime import date, datetime

from core.clock import SEOUL

TRAINING_HOURS_MIN = {"counselor": 60, "companion": 40}
NEVER = date(1900, 1, 1)  # certified_until of who holds no certificate

CERTIFICATES = {
    "social_worker_1": ("사회복지사 1급", "social worker, 1st class"),
    "social_worker_2": ("사회복지사 2급", "social worker, 2nd class"),
    "mental_health_social_worker_1": (
        "정신건강사회복지사 1급",
        "mental health social worker, 1st class",
    ),
    "mental_health_social_worker_2": (
        "정신건강사회복지사 2급",
        "mental health social worker, 2nd class",
    ),
    "counseling_psychologist_1": ("상담심리사 1급", "counseling psychologist, 1st class"),
    "counseling_psychologist_2": ("상담심리사 2급", "counseling psychologist, 2nd class"),
    "professional_counselor_1": ("전문상담사 1급", "professional counselor, 1st class"),
    "professional_counselor_2": ("전문상담사 2급", "professional counselor, 2nd class"),
    "youth_counselor_1": ("청소년상담사 1급", "youth counselor, 1st class"),
    "youth_counselor_2": ("청소년상담사 2급", "youth counselor, 2nd class"),
    "youth_counselor_3": ("청소년상담사 3급", "youth counselor, 3rd class"),
    "clinical_psychologist_1": ("임상심리사 1급", "clinical psychologist, 1st class"),
    "clinical_psychologist_2": ("임상심리사 2급", "clinical psychologist, 2nd class"),
}


def is_valid_on(certified_until: date, now: datetime) -> bool:
    """Tell whether a certificate that holds to `certified_until` holds at `now`, by Seoul's day."""
    return now.astimezone(SEOUL).date() <= certified_until


def needs_certificate(role: str) -> bool:
    """Tell whether `role` takes calls that only the certified may take."""
    return role == "counselor"


def training_hours_missing(role: str, training_hours: int) -> int:
    """Return how many hours of training `role` still lacks; 0 where it has enough."""
    return max(0, TRAINING_HOURS_MIN.get(role, 0) - training_hours)
