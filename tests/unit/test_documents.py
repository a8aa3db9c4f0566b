"""Documents lead where they say: every link to a file, a heading or a picture of ours."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from setup.settings import ROOT

DOCUMENTS: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
IMAGES: Final = ROOT / "docs" / "images"
LARGEST: Final = 200_000

CODE: Final = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
LINK: Final = re.compile(r"\]\((?P<to>[^)\s]+)\)|(?:src|srcset)=\"(?P<picture>[^\"]+)\"")
HEADING: Final = re.compile(r"^#{1,6} (?P<said>.+)$", re.MULTILINE)


def prose(document: Path) -> str:
    return CODE.sub("", document.read_text(encoding="utf-8"))


def links(document: Path) -> Iterator[tuple[str, str]]:
    """Yield files and headings that a document leads to."""
    for found in LINK.finditer(prose(document)):
        target = found["to"] or found["picture"]
        if "://" not in target:
            path, _, heading = target.partition("#")
            yield path, heading


def anchors(document: Path) -> set[str]:
    """Return a document's headings as addresses name them."""
    text = re.sub(r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.M | re.S)
    return {anchor(found["said"]) for found in HEADING.finditer(text)}


def anchor(heading: str) -> str:
    plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower().replace(" ", "-")
    return "".join(c for c in plain if c in "-_" or unicodedata.category(c)[0] in "LN")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    for path, heading in links(document):
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), f"there is no {path}"
        assert not heading or heading in anchors(target), f"{path} has no heading {heading}"


def test_pictures_are_small_and_shown() -> None:
    shown = {(one.parent / path).resolve() for one in DOCUMENTS for path, _ in links(one)}

    for picture in sorted(IMAGES.iterdir()):
        assert picture in shown, f"no document shows {picture.name}"
        assert picture.stat().st_size <= LARGEST, f"{picture.name} is too large"
