// Telling a screen reader what happens: one live region outside of what Streamlit draws, since a
// region that is itself drawn anew is often not read.

function region() {
  let found = document.getElementById("parley-live");
  if (!found) {
    found = document.createElement("div");
    found.id = "parley-live";
    found.setAttribute("role", "status");
    found.setAttribute("aria-live", "polite");
    document.body.append(found);
  }
  return found;
}

const live = region();

function say(text) {
  live.textContent = "";
  setTimeout(() => (live.textContent = text), 50); // the same words again are news only if they were gone
}

let seen = null;

// Look at what the server says, after anything was drawn.
function look() {
  const now = shell();
  if (!now) return;
  const { language, thread, busy } = now.dataset;
  const said = now.textContent;
  if (document.documentElement.lang !== language) document.documentElement.lang = language;
  const here = seen && (thread === seen.thread || (busy && !seen.thread));
  if (here && said && said !== seen.said) say(said);
  if (!thread && (!seen || seen.thread)) arrive();
  seen = { thread, said: said || (here ? seen.said : "") };
  followDraft();
  followDialog();
  if (performance.now() < arriving) land();
}

const observer = new MutationObserver(() => {
  look();
  measureSoon();
  showWayDownSoon();
});
observer.observe(document.body, { childList: true, subtree: true });
signal.addEventListener("abort", () => observer.disconnect());
look();
