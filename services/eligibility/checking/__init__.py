"""The check of a rule package before anyone applies it, in a process of its own."""

from services.eligibility.checking.child import check
from services.eligibility.checking.report import Report

__all__ = ["Report", "check"]
