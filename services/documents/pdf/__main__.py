"""`python -m services.documents.pdf`: serves the PdfService."""

from __future__ import annotations

import sys

from services.documents.pdf.service import make_app
from services.documents.pdf.settings import Settings
from services.kit.serve import server

if __name__ == "__main__":
    sys.exit(server.main(Settings, make_app))
