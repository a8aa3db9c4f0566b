// What a search has found, in the conversation it leads to: the words are marked, and the page goes
// to the first of them in the exchange that was chosen, wherever Streamlit would have it stand.

const FOUND = "parley-found";
const SETTLING = [0, 250, 700, 1500];
const sought = () => document.getElementById("parley-sought")?.dataset ?? {};
const row = (name) => `[class*='st-key-actions-'][class*='${name}']`;
let gone = "", steps = [], marking = 0;

function* textsIn(place) {
  const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (walker.currentNode.parentElement.checkVisibility()) yield walker.currentNode;
}

function* rangesOf(words, text) {
  const within = text.data.toLowerCase();
  for (const word of words) {
    for (let at = within.indexOf(word); at >= 0; at = within.indexOf(word, at + word.length)) {
      const range = new Range();
      range.setStart(text, at);
      range.setEnd(text, at + word.length);
      yield range;
    }
  }
}

function marked(words) {
  const place = reaches(".st-key-messages");
  const ranges = place && words.length ? [...textsIn(place)].flatMap((text) => [...rangesOf(words, text)]) : [];
  if (ranges.length) CSS.highlights?.set(FOUND, new Highlight(...ranges));
  else CSS.highlights?.delete(FOUND);
  return ranges;
}

const precedes = (one, other) => one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING;

// The exchange lies between the row under the answer before it and the row under its own.
function placeOf(run, ranges) {
  const end = reaches(row(run));
  if (!end) return ranges[0];
  const rows = [...document.querySelectorAll(row("run_"))];
  const before = rows[rows.indexOf(end) - 1];
  const inside = ({ startContainer: text }) => precedes(text, end) && !(before && precedes(text, before));
  return ranges.find(inside) ?? end;
}

function goThere() {
  const { run, words } = sought();
  const place = run && placeOf(run, marked(JSON.parse(words)));
  (place?.startContainer?.parentElement ?? place)?.scrollIntoView({ block: "center", behavior: "instant" });
}

const stopGoing = () => steps.splice(0).forEach(clearTimeout);

function follow() {
  marking = 0;
  const { token = "", run, words = "[]" } = sought();
  marked(JSON.parse(words));
  if (token === gone || (run && !reaches(row(run)))) return;
  stopGoing();
  gone = token;
  if (run) steps = SETTLING.map((wait) => setTimeout(goThere, wait));
}

for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"]) on(kind, stopGoing, true);

const appearing = new MutationObserver(() => (marking ||= setTimeout(follow, 100)));
appearing.observe(document.body, { childList: true, subtree: true });
signal.addEventListener("abort", () => {
  appearing.disconnect();
  stopGoing();
  clearTimeout(marking);
});
