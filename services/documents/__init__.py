"""Word documents of a micro-credit file, generated from template packages and one dossier contract."""
