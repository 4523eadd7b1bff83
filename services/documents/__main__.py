"""`python -m services.documents`: serves the DocumentService."""

from __future__ import annotations

import sys

from services.documents.app import make_app
from services.documents.config import Settings
from services.kit.serve import server
from services.kit.store import store_clock

if __name__ == "__main__":
    acts = {"confirm-clock": lambda settings, by: store_clock.confirm(settings.database_url, by)}
    sys.exit(server.main(Settings, make_app, acts=acts))
