"""Rendering of a template: docxtpl and jinja2 behind strict data, strict XML and reproducible bytes.

- `alternative_text`: What makes a chart show the figures of `charts.NAME`.
- `assemble`: The pieces in one .docx, in order; those whose styles differ from the first bring theirs.
- `bindings`: By part, the name of each chart that shows figures of the context, empty for one that always
  shows its own; lxml's XMLSyntaxError.
- `compile_template`: The plan of a template; raises TemplateError.
- `decoded`: The target of a link with its tags as they were typed.
- `disagreements`: The name of each part that docxtpl renders otherwise, compared as XML, not as bytes.
- `drawn`: The properties of each drawing that shows a chart, and the part of this chart.
- `ENVIRONMENT`: The one of every plan: immutable, shared by every thread.
- `executed`: The tags that jinja2 runs, in order, each as it reads it; raises its TemplateSyntaxError.
- `executed_in_cell`: What docxtpl makes of a tag about its cell: the tags that jinja2 runs in its place.
- `Filter`: A function of templates.
- `FILTERS`: Every filter that templates may use, by name.
- `image_places`: The drawings of a part whose alternative text names an image of the data.
- `is_rendered`: Whether the tags of a part are filled in.
- `ITEM`: The filter gives one item of the list that it takes, of which it needs one at least.
- `keep_in`: Keeps what is compiled from now on in a folder that nobody else can write.
- `LOGO_PART`: Name under which callers give the logo, wherever the template keeps it.
- `LINK`: What the target of a link begins with.
- `list_styles`: The styles of word/styles.xml that rich texts need.
- `MARKDOWN`: The filter that makes a rich text of a text.
- `MAX_STEPS`: What loops may do in one part of a document.
- `opc`: Open Packaging Conventions: the zip of a .docx with reproducible bytes, and its properties.
- `parser`: A strict reader, without entities nor network.
- `Piece`: One document of those that are joined; a `title` makes it an entry of the table of contents.
- `Plan`: The members of an archive in their order, static ones deflated, the others to be rendered.
- `Reason`: Why a document was not made.
- `read_source`: The source of a part, None if it is the same in every document; lxml's XMLSyntaxError.
- `render_reference`: The parts of the document by docxtpl; raises whatever docxtpl, jinja2 or python-docx
  raise.
- `RenderError`: No document was made; no value of the data is ever told.
- `SAME`: The filter gives what it takes.
- `series_titles`: The titles of the series of a chart part.
- `steps_of`: What a node of a program costs each time, the inside of its loops left out.
- `TAGS`: What opens a tag: a value, a statement, a comment.
- `TemplateError`: The template cannot be compiled; `sentence` says why, in French.
- `TESTS`: The tests that templates may use.
- `with_links`: The parts with a field instead of each link whose target has tags.
- `WORD_PART`: The parts of a Word file whose text may hold tags.
"""

from services.documents.render import opc
from services.documents.render.assembly import Piece, assemble
from services.documents.render.budget import MAX_STEPS, steps_of
from services.documents.render.chartdata import alternative_text, bindings, drawn, series_titles
from services.documents.render.compiler import compile_template
from services.documents.render.environment import ENVIRONMENT, TESTS, keep_in
from services.documents.render.errors import Reason, RenderError, TemplateError
from services.documents.render.filters import FILTERS, ITEM, SAME, Filter
from services.documents.render.image_places import image_places
from services.documents.render.linked import LINK
from services.documents.render.links import decoded, with_links
from services.documents.render.logo import LOGO_PART
from services.documents.render.markdown import FILTER as MARKDOWN
from services.documents.render.plan import Plan
from services.documents.render.reference import disagreements, render_reference
from services.documents.render.rich import list_styles
from services.documents.render.source import (
    TAGS,
    WORD_PART,
    executed,
    executed_in_cell,
    is_rendered,
    parser,
    read_source,
)
