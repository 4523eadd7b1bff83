"""The check of a rule package before anyone applies it, in a process of its own."""

from services.eligibility.publishing.check.child import check
from services.eligibility.publishing.check.report import MAX_FINDINGS, Report
