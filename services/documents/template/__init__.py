"""The gate of templates: what a Word file may hold, and what it may print.

- `all_checks`: The checks that a template names, and those of the authorisations that it needs.
- `annotate_apart`: What `annotate` makes, in such a process too; nothing when the process gives nothing.
- `by_words`: The path behind each word: those of the lexicon, and the labels that one field alone bears.
- `DOCX_FILE`: The Word file of a template.
- `durations`: How long an authorisation without end holds for this organisation.
- `examine`: Everything to say of the Word file of a template; without a sample, it is not tried on the
  examples.
- `examine_apart`: What `examine` says, from a process that is stopped after these seconds.
- `Field`: A field: its kind (text, money, rate, date, code, integer, boolean, object, list), what is below.
- `FieldTag`: A field with the tag that prints it.
- `make_context`: Everything that the template may print; `dossier` lists the pieces, for their summary
  alone.
- `make_fields`: The fields of a template with this recipient and this signatory, as its manifest gives
  them.
- `MANIFEST_FILE`: The file that describes a template.
- `Mended`: A mended file: what was done, by sentence and how many times; what is asked, once per name.
- `mend`: The file with all that can be mended without a person, what was done, and what is asked of one.
- `outline`: Every paragraph that says something, in the order of the parts; the file was accepted by the
  gate.
- `palette`: Every field with a tag ready to copy; those of a list stand inside its loop.
- `Paragraph`: A paragraph, and the part where it is, in French.
- `read_template`: The template of these files, its .docx not yet looked into; None when the manifest cannot
  be used.
- `restored_apart`: What `restored` makes, in such a process too; the file as it is when the process gives
  nothing.
- `Sample`: What a template is tried with: an organisation, on a day that it governs.
- `spoken`: A name as it is compared: `DateNaissance`, `date_naissance`, « Date de naissance » are the same.
- `Template`: One version of a template; `manifest` is its description, typed.
"""

from services.documents.template.apart import annotate_apart, examine_apart, restored_apart
from services.documents.template.context import make_context
from services.documents.template.fields import Field, FieldTag, make_fields, palette
from services.documents.template.gate import examine
from services.documents.template.lexicon import by_words, spoken
from services.documents.template.manifest import DOCX_FILE, MANIFEST_FILE, Template, read_template
from services.documents.template.mending import Mended, mend
from services.documents.template.permission import all_checks, durations
from services.documents.template.reading import Paragraph, outline
from services.documents.template.trial import Sample
