"""Packages on their way to service: checked, compared, edited, prepared, compiled.

- `check_profile`: Every finding on a profile package.
- `check_template`: Every finding on a template package; the Word file is looked into in a process of its
  own.
- `compare`: What a candidate changes; both were accepted by the gate.
- `continued`: The version published last with another Word file: the next version of its template.
- `Deployment`: The templates and profiles of a state of the store, by the days that they govern.
- `Deployments`: The templates and profiles of this process, which follow the store.
- `fields_read`: The paths of the data that the tags of a template read; "[]" after a list.
- `Packages`: Templates and profiles by digest, compiled templates by digest and logo; shared by threads.
- `prepare`: Publishes the packages shipped below two folders that the store does not know, compiles what
  governs.
- `profile_of`: The profile of published files; PackageError if it cannot serve any more.
- `PROFILES`: The collections of published packages: the first part of their names.
- `Published`: A template or a profile.
- `Report`: What the check found; `contents` is what a publication keeps, with its Word file in its normal
  form.
- `template_of`: The template of published files; PackageError if it cannot serve any more.
- `TEMPLATES`: The collections of published packages: the first part of their names.
- `texts_in_force`: A warning for each dated text of a profile, in force up to a day, that another version
  changes.
- `TextChange`: A paragraph that differs: empty before when it is new, after when it is gone.
"""

from services.documents.publishing.checking import Report, check_profile, check_template, texts_in_force
from services.documents.publishing.comparison import TextChange, compare, fields_read
from services.documents.publishing.deployment import Deployment, Deployments
from services.documents.publishing.editing import continued
from services.documents.publishing.loaded import (
    PROFILES,
    TEMPLATES,
    Packages,
    Published,
    profile_of,
    template_of,
)
from services.documents.publishing.preparation import prepare
