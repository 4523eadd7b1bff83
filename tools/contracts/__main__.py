"""Writes docs/erreurs.md and dist/."""

from tools.contracts import describe, errors_page, write_bundle
from tools.contracts.reading import ROOT


def main() -> None:
    """Writes the page of errors, then the contracts, and says where they are."""
    page = ROOT / "docs/erreurs.md"
    page.write_text(errors_page(describe(ROOT / "protos")), encoding="utf-8")
    for path in (page, *write_bundle(ROOT / "dist")):
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
