"""`python -m services.eligibility`: serves the EligibilityService and the LoanService."""

from __future__ import annotations

import sys

from services.eligibility.app import make_app
from services.eligibility.config import Settings
from services.kit.serve import server

if __name__ == "__main__":
    sys.exit(server.main(Settings, make_app))
