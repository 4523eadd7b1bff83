"""One document: filled, rendered, sealed, with its provenance.

- `choose`: The versions in force on a day; NotFound, FailedPrecondition or InvalidArgument.
- `DOCX`: The media type of a Word file.
- `filename`: A file name made of the template and the file reference, without personal data.
- `fill`: The data, checked against the contract and the template; InvalidArgument with every violation.
- `Filled`: Checked data, ready to be rendered; `reference` names what the document is about, a case or not.
- `Generated`: A document and where it comes from.
- `join`: Several documents in one file; InvalidArgument if one would be wrong, FailedPrecondition if they
  cannot be joined.
- `Line`: What became of a recipient: a file, or the problem and the fields in cause.
- `OutputFile`: A file of the service.
- `PDF`: The media type of a PDF.
- `properties`: The parts of a document that say what it is and where it comes from; no personal data.
- `Provenance`: What a document says of itself.
- `read_provenance`: The provenance of anyone's file; None when it has none, or is no document.
- `render`: The document; the same data and versions give the same bytes; InvalidArgument if it would be
  wrong.
- `Seal`: Seals files and reads their seals (HMAC-SHA256): the same file has the same seal, in every
  process.
- `Sealing`: What the seal of a file says.
- `signature_places`: Those of a PDF that our converter made, in the order of the pages; none when it cannot
  be read.
- `SignaturePlace`: A place to sign: its page from 1 on, and where it begins, in millimetres.
- `Sources`: What a document is made from, besides the data.
- `summary_csv`: CSV in UTF-8 with its mark and semicolons, as French spreadsheets expect; no cell is a
  formula.
- `with_provenance`: The PDF of a document with the provenance of the document, in a comment: PDF has no
  such properties that LibreOffice fills.
- `zipped`: A zip, not compressed again: .docx and .pdf are; the same bytes for the same members.
"""

from services.documents.making.files import DOCX, PDF, Line, OutputFile, summary_csv, zipped
from services.documents.making.generation import (
    Filled,
    Generated,
    Sources,
    choose,
    filename,
    fill,
    join,
    properties,
    render,
)
from services.documents.making.provenance import Provenance, read_provenance, with_provenance
from services.documents.making.seal import Seal, Sealing
from services.documents.making.signing import SignaturePlace, signature_places
