"""Mends the Word file of a template, or brings one of another engine here: what is mechanical is done.

- `Asked`: What a person decides: a name of the file that no field has, with the nearest one.
- `mend`: The file with all that can be mended without a person, what was done, and what is asked of one.
- `Mended`: A mended file: what was done, by sentence and how many times; what is asked, once per name.
"""

from services.documents.template.mending.mend import Asked, Mended, mend
