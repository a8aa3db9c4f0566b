// What scrolls can be reached by the keyboard: not every browser sees to that by itself.

const SCROLLING = ".stCode pre, .stMarkdown table, .st-key-panel-steps";
let measuring = 0;

function measure() {
  measuring = 0;
  for (const one of document.querySelectorAll(SCROLLING)) {
    const scrolls = one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight;
    if (scrolls) one.tabIndex = 0;
    else one.removeAttribute("tabindex");
  }
}

// Measuring takes time: once for much that is drawn.
const measureSoon = () => (measuring ||= setTimeout(measure, 300));

window.addEventListener("resize", measureSoon, { signal });
signal.addEventListener("abort", () => clearTimeout(measuring));
