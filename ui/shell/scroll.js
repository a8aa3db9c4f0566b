// Where the page stands. Who sends a message wants to see what comes of it, so the page goes to its
// end, where Streamlit keeps it while it grows. Who reads further up finds a button that leads there.

const FAR = 240;
const scroller = () => reaches("[data-testid=stAppScrollToBottomContainer]");
const wayDown = () => reaches(".parley-to-end");

function toEnd() {
  const page = scroller();
  page?.scrollTo({ top: page.scrollHeight, behavior: "instant" });
}

const sends = ({ key, shiftKey, isComposing, target }) =>
  key === "Enter" && !shiftKey && !isComposing && target === messageInput() && target.value.trim();

// Before Streamlit hears of it: it then keeps the end in view.
on("keydown", (event) => sends(event) && toEnd(), true);
on("click", (event) => event.target.closest?.("[data-testid=stChatInputSubmitButton]") && toEnd(), true);

on("click", (event) => {
  if (!event.target.closest?.(".parley-to-end")) return;
  toEnd();
  showWayDown();
  if (matchMedia("(hover: hover)").matches) messageInput()?.focus({ preventScroll: true });
});

let showing = 0;

function showWayDown() {
  showing = 0;
  const [page, button, bar] = [scroller(), wayDown(), reaches("[data-testid=stBottomBlockContainer]")];
  if (!button) return;
  const left = page && bar ? page.scrollHeight - page.clientHeight - page.scrollTop : 0;
  button.hidden = left < FAR;
  if (button.hidden) return;
  const { x, y, width } = bar.getBoundingClientRect();
  button.style.left = `${x + width / 2}px`;
  button.style.bottom = `${innerHeight - y + 4}px`;
}

// Not at once: while much is drawn, the end is far away for a moment.
const showWayDownSoon = () => (showing ||= setTimeout(showWayDown, 250));

on("scroll", showWayDownSoon, true);
window.addEventListener("resize", showWayDownSoon, { signal });
signal.addEventListener("abort", () => clearTimeout(showing));
