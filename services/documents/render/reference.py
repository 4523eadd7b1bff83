"""Plain docxtpl on the same template and data: slow, and the authority on what the tags mean."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from docxtpl.template import DocxTemplate
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.documents.render import opc
from services.documents.render.environment import TESTS
from services.documents.render.filters import FILTERS
from services.documents.render.logo import with_logo


class ReferenceEnvironment(ImmutableSandboxedEnvironment):
    """jinja2 as it is, with the filters of the house and keys before methods; no code of the engine."""

    def __init__(self) -> None:
        super().__init__(autoescape=True, undefined=StrictUndefined)
        self.globals.clear()
        self.filters = {name: known.function for name, known in FILTERS.items()}
        self.tests = {name: self.tests[name] for name in TESTS}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The key of a dictionary before its methods."""
        return super().getitem(obj, attribute) if isinstance(obj, dict) else super().getattr(obj, attribute)


def render_reference(
    docx: bytes, context: Mapping[str, Any], media: Mapping[str, bytes | None] | None = None
) -> dict[str, bytes]:
    """The parts of the document by docxtpl; raises whatever docxtpl, jinja2 or python-docx raise."""
    source = opc.write(opc.with_properties(with_logo(opc.read(docx), media or {})))
    template: Any = DocxTemplate(io.BytesIO(source))
    template.render(dict(context), ReferenceEnvironment(), autoescape=True)
    buffer = io.BytesIO()
    template.save(buffer)
    return opc.read(buffer.getvalue())
