"""Dossiers: which pieces belong, in what order, and what is joined to them.

- `enclosures`: The supporting documents joined on paper, besides the pieces of these titles.
- `not_allowed`: What a dossier for the lender holds, papers included, that no authorisation covers.
- `obstacles`: What forbids a dossier for the lender, besides what is not allowed: no lender, a refusal, no
  paper.
- `Purpose`: Whom the dossier is for.
- `select`: The pieces that belong on this day, in their order; none when nothing may leave for the lender.
"""

from services.documents.dossier.selection import Purpose, enclosures, not_allowed, obstacles, select
