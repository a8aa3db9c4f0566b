"""Asks axe what keeps people from using a page, in every look that the page can have."""

from importlib.resources import files
from typing import Any, Final

from playwright.sync_api import Page, expect

WIDE, NARROW = 1280, 390
LOOKS: Final = ((WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark"))

_AXE: Final = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
_FINDINGS: Final = """
async () => {
  // Streamlit names the place of a diagram while it is drawn, though it has no role.
  const known = (id, html) =>
    id === "aria-prohibited-attr" && html.startsWith('<div data-testid="stMermaidChart"');
  const serious = async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter((one) => ["serious", "critical"].includes(one.impact))
      .flatMap(({ id, nodes }) => nodes.filter((node) => !known(id, node.html)).map((node) =>
        `${id} at ${node.target.join(" ")}: ${node.html.slice(0, 200)} ${node.failureSummary}`));
  };
  const late = performance.now() + 4000;
  let found = await serious();
  while (found.length && performance.now() < late) {
    await new Promise((next) => setTimeout(next, 250));
    found = await serious();
  }
  return found;
}
"""
"""What is found, and stays so: what is just being drawn anew may take a moment."""


def expect_accessible(page: Page, state: str, widths: tuple[int, ...] = (WIDE, NARROW)) -> None:
    """Hold the page to no serious finding, wide and narrow, light and dark."""
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(_AXE)
    found = [
        f"{state}, {width} px, {scheme}: {what}"
        for width, scheme in LOOKS
        if width in widths
        for what in _findings(page, width, scheme)
    ]
    assert not found, "\n".join(found)


def _findings(page: Page, width: int, scheme: Any) -> list[str]:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    expect(page.locator(".stApp")).to_have_css("color-scheme", scheme)
    return list(page.evaluate(_FINDINGS))
