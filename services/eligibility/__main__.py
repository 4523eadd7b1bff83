"""`python -m services.eligibility`: serves the EligibilityService and the LoanService."""

from __future__ import annotations

import sys

from services.eligibility.app import make_app
from services.eligibility.config import Settings
from services.kit.serve import server
from services.kit.store import store_clock


def _confirm_clock(settings: Settings, by: str) -> str:
    return store_clock.confirm(settings.database_url, settings.master_key_file, by)


if __name__ == "__main__":
    acts = {"confirm-clock": _confirm_clock}
    sys.exit(server.main(Settings, make_app, acts=acts))
