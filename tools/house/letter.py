"""What every letter of the house starts and ends with."""

from __future__ import annotations

from tools.house.ooxml import (
    KEEP,
    LINE_BREAK,
    bullet,
    each,
    heading,
    labelled,
    lead_in,
    paragraph,
    raw_paragraph,
    run,
    run_control,
    runs,
    when,
)

# Word reads sizes in figures; the engine writes those of the logo.
_LOGO = (
    '<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0">'
    '<wp:extent cx="1080000" cy="540000"/>'
    '<wp:docPr id="1" name="Logo" descr="{{ logo.alt }}"/>'
    '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture">'
    '<pic:pic><pic:nvPicPr><pic:cNvPr id="1" name="Logo" descr="{{ logo.alt }}"/><pic:cNvPicPr/>'
    "</pic:nvPicPr>"
    '<pic:blipFill><a:blip r:embed="rId8"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>'
    '<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="1080000" cy="540000"/></a:xfrm>'
    '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic>'
    "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
)

ORGANISATION_ADDRESS = (
    "{{ profile.organisation.address.lines | join(', ') }}, "
    "{{ profile.organisation.address.postal_code }}\u00a0{{ profile.organisation.address.city }}"
)


# The frame of the address, in twentieths of a point: 111 mm from the left and 57 mm from the top of the page,
# inside the window of a French envelope of 110 x 220 (110 to 195 mm, 55 to 88 mm); it is 31 mm high at least,
# and text stays 2 mm away, so that nothing else comes into the window.
_WINDOW = (
    '<w:framePr w:w="4706" w:h="1758" w:hRule="atLeast" w:hSpace="113" w:vSpace="113" w:wrap="around" '
    'w:vAnchor="page" w:hAnchor="page" w:x="6293" w:y="3232"/>'
)


def letterhead() -> str:
    """Logo and name of the organisation: the header of the first page."""
    return when("logo is defined", raw_paragraph(_LOGO, "Logo")) + paragraph(
        "{{ profile.organisation.name }}", "OrganisationName"
    )


def sender() -> str:
    """Service and contact of the organisation: in the body, for who hears a page does not hear its header."""
    return raw_paragraph(
        run("{{ profile.organisation.service }}")
        + LINE_BREAK
        + run(ORGANISATION_ADDRESS)
        + LINE_BREAK
        + run("Téléphone : {{ profile.organisation.phone }} – {{ profile.organisation.email }}"),
        "Sender",
    )


def recipient() -> str:
    """The address in the window, then place and date on its left.

    LibreOffice tags a frame after the paragraph that follows it: the date, so that the address is read before
    the subject.
    """
    lines = (
        run_control("for line in recipient.lines")
        + run_control("if not loop.first")
        + LINE_BREAK
        + run_control("endif")
        + run("{{ line }}")
        + run_control("endfor")
    )
    return raw_paragraph(lines, "Recipient", _WINDOW) + (
        paragraph("{{ profile.organisation.place }}, le {{ document.date | long_date }}", "DateLine")
    )


def opening(subject: str, references: str, *more: str) -> str:
    """Sender, recipient; beside it, date, subject, references and agent (B1); then salutation."""
    return "".join(
        (
            sender(),
            recipient(),
            labelled("Objet", subject, "Subject"),
            labelled("Références", references, "Beside"),
            agent("Beside"),
            *more,
            paragraph("{{ recipient.salutation }},", "Salutation"),
        )
    )


def agent(style: str = "Reference") -> str:
    """Block B1: first name, name, capacity and administrative address of the agent (CRPA, L. 111-2)."""
    contact = (
        "{% if agent.phone is defined %}, téléphone "
        "{{ agent.phone | phone }}{% endif %}{% if agent.email is defined %}, {{ agent.email }}{% endif %}"
    )
    return labelled(
        "Dossier suivi par",
        f"{{{{ agent | civil_name }}}}, {{{{ agent.capacity }}}}, à l’adresse ci-dessus{contact}",
        style,
    )


def closing() -> str:
    """Formula of courtesy, kept with the signature."""
    return paragraph(
        "Je vous prie d’agréer, {{ recipient.salutation }}, l’expression de mes salutations distinguées.",
        "Closing",
    )


def rights(*blocks: str, new_page: bool = False) -> str:
    """What the person may do, below the signature: the message itself is signed on the first page."""
    told = "".join(blocks).replace('"Heading2"', '"Heading3"')
    return heading("Vos droits", new_page=new_page) + told


def rights_follow() -> str:
    """The sentence that sends to the rights, on the next page."""
    return lead_in("Vos droits et vos recours sont expliqués à la page suivante.")


def signature() -> str:
    """Block B2: capacity, delegation, first name and name, then room to sign (CRPA, L. 212-1)."""
    delegation = (
        run_control("if signatory.delegation is defined")
        + LINE_BREAK
        + run("({{ signatory.delegation }})")
        + run_control("endif")
    )
    return signed("{{ signatory.capacity }}", "{{ signatory | full_name }}", delegation)


# An empty line as high as a hand needs: two paragraphs kept together, LibreOffice puts on two pages.
_ROOM = '<w:r><w:rPr><w:rStyle w:val="Room"/></w:rPr><w:t>\u00a0</w:t></w:r>'


def signed(capacity: str, name: str, between: str = "") -> str:
    """A signature: the capacity, 25 mm to sign, the name, in one paragraph that no page can split."""
    return raw_paragraph(run(capacity) + between + LINE_BREAK + _ROOM + LINE_BREAK + run(name), "Signature")


def cover(title: str, *lines: str) -> str:
    """Start of a document that is no letter: sender, title, what identifies it, place and date."""
    return "".join(
        (
            sender(),
            paragraph(title, "Title"),
            *lines,
            labelled(
                "Établi",
                "à {{ profile.organisation.place }}, le {{ document.date | long_date }}",
                "ReferenceLast",
            ),
        )
    )


def sign_here(source: str, *, kept: bool = False) -> str:
    """25 mm for a person to date and sign, above a line; `kept`, it stays with the next signature."""
    words = runs(f"{source}, date et signature :")
    return raw_paragraph(words + LINE_BREAK + _ROOM, "SignatureLine", KEEP if kept else "")


def borrowers_sign(*, kept: bool = False) -> str:
    """Room for each person who borrows to date and sign, on one page; `kept`, with what follows."""
    name = "{{ person | civil_name }}"
    # The last one apart: kept with a page break, LibreOffice would send all of them to another page.
    return each("person", "borrowers[:-1]", sign_here(name, kept=True)) + each(
        "person", "borrowers[-1:]", sign_here(name, kept=kept)
    )


def bullets(name: str, items: str, source: str, *, kept: bool = False) -> str:
    """One bullet for each item; `kept`, they stay with what follows."""
    return each(name, items, bullet(source, kept=kept))


def agent_signature() -> str:
    """Signature of the agent in charge, for letters that decide nothing."""
    return signed("{{ agent.capacity | capital }}", "{{ agent | full_name }}")
