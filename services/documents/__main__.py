"""`python -m services.documents`: serves the DocumentService."""

from __future__ import annotations

import sys

from services.documents.app import make_app
from services.documents.config import Settings
from services.kit.serve import server

if __name__ == "__main__":
    sys.exit(server.main(Settings, make_app))
