"""The open register: a site without script, its feed and its open data, made of the registry of a state.

- `Event`: A change of a lender: the state that it made, its instant, and what changed in French.
- `open_sentences`: Those of an event that are open, less the reason of a suspension; none if nothing open
  changed.
- `opened`: A lender without what is not open.
- `Publication`: What is published: the open registry of a state, seen on a day.
- `SIGNATURE`: The file of the Ed25519 signature of the sums.
- `site`: Every file of the site by its path, less the signature: the sums cover all the others.
- `SUMS`: The file of the SHA-256 of all the others.
"""

from services.bank_registry.publish.opening import Event, Publication, open_sentences, opened
from services.bank_registry.publish.site import SIGNATURE, SUMS, site
