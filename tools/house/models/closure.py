"""06 — Clôture faute de pièces: a decision, with its reasons and remedies."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import closing, opening, rights, rights_follow, signature
from tools.house.mentions import mediation, remedies
from tools.house.models.common import REQUEST
from tools.house.models.reminder import STILL_MISSING
from tools.house.ooxml import heading, lead_in, paragraph

MODEL = Model(
    "06-cloture-dossier",
    "Décision de clore un dossier incomplet",
    opening("votre demande de microcrédit personnel – clôture de votre dossier", REQUEST)
    + paragraph(
        "**J’ai le regret de vous informer que votre dossier est clos, parce qu’il est resté incomplet.**"
    )
    + heading("Les motifs de cette décision")
    + paragraph(
        "Nous vous avons demandé des pièces le {{ correspondence.documents_requested_on | long_date }}"
        "{% if correspondence.documents_deadline is defined %}, à remettre au plus tard le "
        "{{ correspondence.documents_deadline | long_date }}{% endif %}"
        "{% if correspondence.reminder_sent_on is defined %}, puis nous vous avons écrit de nouveau le "
        "{{ correspondence.reminder_sent_on | long_date }}{% endif %}"
        "{% if correspondence.reminder_deadline is defined %}, en fixant la date du "
        "{{ correspondence.reminder_deadline | long_date }}{% endif %}."
    )
    + lead_in("À ce jour, il manque encore :")
    + STILL_MISSING
    + paragraph(
        "Sans ces pièces, le service ne peut pas vérifier que votre demande remplit les conditions du "
        "{{ profile.bylaw.title }} ({{ profile.bylaw.deliberation }} du "
        "{{ profile.bylaw.adopted_on | long_date }}). Cette décision applique aussi l’article L. 114-5 du "
        "code des relations entre le public et l’administration."
    )
    + heading("Ce que vous pouvez faire")
    + paragraph(
        "Vous pouvez déposer une nouvelle demande à tout moment : les pièces déjà remises, si elles sont "
        "encore valables, n’auront pas à être fournies de nouveau tant que nous les conservons."
    )
    + rights_follow()
    + closing()
    + signature()
    + rights(remedies(), mediation(), new_page=True),
)
