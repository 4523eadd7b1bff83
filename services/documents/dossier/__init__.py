"""Dossiers: which pieces belong, in what order, and what is joined to them.

- `enclosures`: The supporting documents joined on paper, besides the pieces of these titles.
- `obstacles`: What forbids a dossier for the lender: no lender, no permission, a refusal, nothing joined.
- `Purpose`: Whom the dossier is for.
- `select`: The pieces that belong on this day, in their order; none when nothing may leave for the lender.
"""

from services.documents.dossier.selection import Purpose, enclosures, obstacles, select
