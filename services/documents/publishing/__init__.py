"""Packages on their way to service: checked, compared, edited, prepared, compiled.

- `check_profile`: Every finding on a profile package.
- `check_template`: Every finding on a template package; the Word file is looked into in a process of its
  own.
- `compare`: What a candidate changes; both were accepted by the gate.
- `damaged`: The error of a stored package that cannot be used.
- `Deployment`: The templates and profiles of a revision of the deployments, by the days that they govern.
- `Deployments`: The templates and profiles of this process, which follow the store.
- `edited`: The package of these files with another Word file, version and first day.
- `fields_read`: The paths of the data that the tags of a template read; "[]" after a list.
- `next_version`: The version after all those published: 1.0.0, 1.1.0 → 1.2.0; 3 → 4.
- `Packages`: Templates and profiles by digest, compiled templates by digest and logo; shared by threads.
- `prepare`: Publishes the packages shipped below two folders that the store does not know, compiles what
  governs.
- `PROFILES`: The collections of published packages: the first part of their names.
- `Report`: What the check found; `contents` is what a publication keeps, with its Word file in its normal
  form.
- `TEMPLATES`: The collections of published packages: the first part of their names.
- `TextChange`: A paragraph that differs: empty before when it is new, after when it is gone.
- `word_file`: The Word file of a candidate, looked into by the gate.
"""

from services.documents.publishing import word_file
from services.documents.publishing.checking import Report, check_profile, check_template
from services.documents.publishing.comparison import TextChange, compare, fields_read
from services.documents.publishing.deployment import Deployment, Deployments
from services.documents.publishing.editing import edited, next_version
from services.documents.publishing.loaded import PROFILES, TEMPLATES, Packages, damaged
from services.documents.publishing.preparation import prepare

__all__ = [
    "PROFILES",
    "TEMPLATES",
    "Deployment",
    "Deployments",
    "Packages",
    "Report",
    "TextChange",
    "check_profile",
    "check_template",
    "compare",
    "damaged",
    "edited",
    "fields_read",
    "next_version",
    "prepare",
    "word_file",
]
