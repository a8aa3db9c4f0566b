// Copying by click: each button holds its text as base64, which no parser takes for anything.

const decoded = (base64) =>
  new TextDecoder().decode(Uint8Array.from(atob(base64), (one) => one.charCodeAt(0)));

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedBySelection(text); // no clipboard without https, but on this machine
  }
}

function copiedBySelection(text) {
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.style.cssText = "position: fixed; opacity: 0";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  before?.focus?.();
  return done;
}

function tell(button, said) {
  clearTimeout(button.told);
  button.dataset.said = said;
  button.told = setTimeout(() => delete button.dataset.said, 2000);
  say(said);
}

on("click", async (event) => {
  const button = event.target.closest?.(".parley-copy");
  if (!button) return;
  const done = await copied(decoded(button.dataset.copy));
  tell(button, words(done ? "copied" : "uncopied"));
});
