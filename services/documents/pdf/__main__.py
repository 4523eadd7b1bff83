"""`python -m services.documents.pdf`: serves the PdfService; its acts are on its journal of accesses."""

from __future__ import annotations

import sys

from services.documents.pdf.service import make_app
from services.documents.pdf.settings import KEYS, Settings
from services.kit.serve import server, store_acts

if __name__ == "__main__":
    sys.exit(server.main(Settings, make_app, acts=store_acts(KEYS, lambda _: {})))
