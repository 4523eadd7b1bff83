"""Organisation profiles: who writes the letters, and the texts that change on a date.

- `changed_texts`: The texts of a law that another one changes up to a day, each with the first that differs.
- `described_profile`: The profile of a description accepted before, in JSON values.
- `Logo`: A PNG logo, with its printed size in English Metric Units (1 mm = 36000).
- `Profile`: One version of an organisation profile.
- `PROFILE_FILE`: The file that describes a profile.
- `read_profile`: The profile of these files; None when its description cannot be used.
- `texts`: The texts in force: credit notice by the date of the document, lender’s duties by the contract’s.
"""

from services.documents.profile.law import changed_texts, texts
from services.documents.profile.organisation import (
    PROFILE_FILE,
    Logo,
    Profile,
    described_profile,
    read_profile,
)
