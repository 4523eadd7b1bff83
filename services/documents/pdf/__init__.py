"""The conversion worker: a server of its own, that keeps LibreOffice away from the documents server."""
