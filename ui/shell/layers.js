// What Streamlit opens above its page, a popover or a menu, stands beside it in the document, and
// is not told whether the page is light or dark.

function lightLayers() {
  const page = reaches(".stApp");
  const open = [...document.body.children].filter((one) => one.id !== "root" && one.firstElementChild);
  if (!page || !open.length) return;
  const { colorScheme } = getComputedStyle(page);
  for (const layer of open) layer.style.colorScheme = colorScheme;
}

const opening = new MutationObserver(lightLayers);
opening.observe(document.body, { childList: true, subtree: true });
signal.addEventListener("abort", () => opening.disconnect());
