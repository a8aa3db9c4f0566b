// The keyboard. What a key does is what a button does: it is clicked, so that it works only where
// it is offered. Enter, Shift+Enter and the keys shown on buttons are Streamlit's.

const messageInput = () => reaches("[data-testid=stChatInputTextArea]");
const typing = (target) => target.closest?.("input, textarea, select, [contenteditable=true]");
const modified = (event) => event.ctrlKey || event.metaKey;
const modal = () => reaches("[role=dialog][aria-modal=true], dialog[open]");

function editLast() {
  const buttons = document.querySelectorAll("[class*='st-key-edit-'] button:not(:disabled)");
  const last = buttons[buttons.length - 1];
  last?.click();
  return Boolean(last);
}

function search() {
  const find = () => reaches("[data-testid=stSidebar] .st-key-search input");
  const closed = reaches("[data-testid=stExpandSidebarButton]");
  closed?.click();
  if (closed) setTimeout(() => find()?.focus(), 300);
  find()?.focus();
  find()?.select();
  return Boolean(find() || closed);
}

function help() {
  const dialog = document.getElementById("parley-keys");
  if (!dialog) return false;
  if (dialog.open) dialog.close();
  else opened(dialog);
  return true;
}

function opened(dialog) {
  if (/Mac|iPhone|iPad/.test(navigator.platform)) {
    for (const key of dialog.querySelectorAll("kbd")) {
      if (key.textContent === "Ctrl") key.textContent = "⌘";
    }
  }
  dialog.showModal();
}

function act(event) {
  const { key, target } = event;
  if (key === "/" && modified(event)) return help();
  if (modal()) return false;
  if (key === "k" && modified(event) && !event.shiftKey) return search();
  if (modified(event) || event.altKey) return false;
  if (key === "ArrowUp" && target === messageInput() && !target.value) return editLast();
  if (typing(target)) return false;
  if (key === "/") return search();
  return key === "?" && help();
}

on("keydown", (event) => {
  if (!event.defaultPrevented && !event.isComposing && act(event)) event.preventDefault();
});

// Escape closes the list of keys; it is not for the button behind it.
on("keydown", (event) => event.key === "Escape" && reaches("dialog[open]") && event.stopImmediatePropagation(), true);

on("click", (event) => {
  if (event.target.closest?.(".parley-keys-open, #parley-keys [data-close]")) help();
  else if (event.target.id === "parley-keys") help(); // beside the list
  else if (event.target.closest?.(".st-key-new button")) arrive();
  else if (event.target.closest?.("[class*='st-key-edit-'] button")) drafting = "soon";
});

// The cursor goes into the form in which a message is edited, and back when the form is gone.

let drafting = "";

function followDraft() {
  const field = reaches("[class*='st-key-draft-'] textarea");
  if (drafting === "soon" && field) {
    drafting = "now";
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
    for (const later of [0, 150, 400]) setTimeout(() => field.scrollIntoView({ block: "nearest" }), later);
  } else if (drafting === "now" && !field) {
    drafting = "";
    if (document.activeElement === document.body) arrive();
  }
}

// In a dialog that asks for a text, the cursor is in its field: a title can be typed over. What is
// in the field may come a little later.

let asking = false;

function followDialog() {
  const dialog = reaches("[role=dialog] .stForm");
  const field = dialog?.querySelector("input, textarea");
  if (field && !asking) {
    field.focus();
    setTimeout(() => {
      const end = field.value.length;
      field.setSelectionRange(field.tagName === "INPUT" ? 0 : end, end);
    }, 100);
  }
  asking = Boolean(field);
}

// Where a new conversation begins, the cursor is in its field, unless a keyboard would cover the
// page. The field may come late, and once more; who does something meanwhile is left alone.

let arriving = 0;
let landed = false;

function arrive() {
  if (matchMedia("(hover: none)").matches) return;
  arriving = performance.now() + 3000;
  landed = false;
  land();
}

function land() {
  const input = messageInput();
  if (!input || input.disabled || (landed && document.activeElement !== document.body)) return;
  input.focus({ preventScroll: true });
  landed = document.activeElement === input;
}

on("keydown", () => (arriving = 0), true);
on("pointerdown", () => (arriving = 0), true);
