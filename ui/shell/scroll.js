// Where the page stands. Who sends a message wants to see what comes of it, so the page goes to its
// end, where Streamlit keeps it while it grows. Who reads further up finds a button that leads there.

const FAR = 240;
const NEAR = 8;
const UPWARD = new Set(["ArrowUp", "PageUp", "Home"]);
const scroller = () => reaches("[data-testid=stAppScrollToBottomContainer]");
const wayDown = () => reaches(".parley-to-end");

// While the page grows, Streamlit takes somebody's way up for its own slip and undoes it. So until
// they are back at the end, it is told that the page stands there.
const { get: position } = Object.getOwnPropertyDescriptor(Element.prototype, "scrollTop");
const below = (page) => page.scrollHeight - page.clientHeight - position.call(page);
const parted = (page) => Object.hasOwn(page, "scrollTop");
let looking = 0, where = "";

function part() {
  const page = scroller();
  if (!page) return;
  where = words("thread");
  const get = () => page.scrollHeight - page.clientHeight;
  if (!parted(page)) Object.defineProperty(page, "scrollTop", { configurable: true, get, set() {} });
  clearTimeout(looking);
  looking = setTimeout(rejoin, 200); // what was scrolled may have been another place
}

function rejoin() {
  const page = scroller();
  if (page && parted(page) && (below(page) < NEAR || words("thread") !== where)) delete page.scrollTop;
}

on("wheel", (event) => event.deltaY < 0 && part(), true);
on("touchmove", part, true);
on("pointerdown", (event) => event.target === scroller() && part(), true); // its scroll bar
on("keydown", ({ key, target }) => UPWARD.has(key) && !typing(target) && part(), true);
on("scroll", rejoin, true);

function toEnd() {
  const page = scroller();
  if (page) delete page.scrollTop;
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
  button.hidden = !page || !bar || below(page) < FAR;
  if (button.hidden) return;
  const { x, y, width } = bar.getBoundingClientRect();
  button.style.left = `${x + width / 2}px`;
  button.style.bottom = `${innerHeight - y + 4}px`;
}

// Not at once: while much is drawn, the end is far away for a moment.
const showWayDownSoon = () => (showing ||= setTimeout(showWayDown, 250));

on("scroll", showWayDownSoon, true);
window.addEventListener("resize", showWayDownSoon, { signal });
signal.addEventListener("abort", () => {
  clearTimeout(showing);
  clearTimeout(looking);
});
