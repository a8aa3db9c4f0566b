// The list of conversations: it tells which one is shown, and makes way for it on a small screen.

const covers = matchMedia("(max-width: 768px)");
const leading = "[class*='st-key-open-thread_'] button, [class*='st-key-hit-'] button, .st-key-new button";

function markCurrent() {
  for (const row of document.querySelectorAll("[class*='st-key-open-thread_'] button")) {
    if (!row.closest("[class*='st-key-here-thread_']")) row.removeAttribute("aria-current");
    else if (!row.hasAttribute("aria-current")) row.setAttribute("aria-current", "page");
  }
}

on("click", (event) => {
  if (!covers.matches || !event.target.closest?.(leading)) return;
  setTimeout(() => reaches("[data-testid=stSidebarCollapseButton] button")?.click());
});

const drawn = new MutationObserver(markCurrent);
drawn.observe(document.body, { childList: true, subtree: true });
signal.addEventListener("abort", () => drawn.disconnect());
markCurrent();
