// What the other scripts stand on. All of them are one function: once more on the same browser
// page, it takes the place of what it installed before.

window.parley?.abort();
window.parley = new AbortController();
const { signal } = window.parley;

const on = (kind, listener, capture = false) =>
  document.addEventListener(kind, listener, { signal, capture });

// What the server says to these scripts stands in the attributes of one hidden element.
const shell = () => document.getElementById("parley-shell");
const words = (name) => shell()?.dataset[name] ?? "";
const reaches = (selector) => document.querySelector(selector);
