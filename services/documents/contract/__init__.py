"""The dossier contract: what callers send, checked as a whole and given types before any template sees it."""
