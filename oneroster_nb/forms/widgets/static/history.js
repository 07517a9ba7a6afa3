// Back, Forward, and a list of former questions that opens below them, the newest first. Texts are
// written with textContent only, and those of the list only while it is open.

const SETTLE_MS = 300;
const MOST_MS = 5_000;
const COLUMNS = ["Question", "Answer", "When", "Asked"];

function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

// The kernel may run elsewhere: the time is that of the person who looks.
function clock(text) {
  const at = new Date(text);
  const time = { hour: "numeric", minute: "2-digit" };
  const today = at.toDateString() === new Date().toDateString();
  const day = today ? {} : { month: "short", day: "numeric" };
  return at.toLocaleString("en-US", { ...day, ...time });
}

function scrollerOf(node) {
  for (let up = node.parentElement; up; up = up.parentElement) {
    const scrolls = /auto|scroll/.test(getComputedStyle(up).overflowY);
    if (scrolls && up.scrollHeight > up.clientHeight) return up;
  }
  return document.scrollingElement;
}

// What is set above the buttons may take another height than before. Scrolls along, so that they
// stay where they were pressed; until all has its size, or the person does something else.
function stayInPlace(bar) {
  const scroller = scrollerOf(bar);
  const top = bar.getBoundingClientRect().top;
  const hands = new AbortController();
  let end = performance.now() + MOST_MS;
  for (const event of ["wheel", "pointerdown", "keydown", "touchmove"]) {
    window.addEventListener(event, () => (end = 0), { signal: hands.signal, passive: true });
  }
  const follow = () => {
    if (performance.now() > end) {
      hands.abort();
      return;
    }
    scroller.scrollTop += bar.getBoundingClientRect().top - top;
    requestAnimationFrame(follow);
  };
  requestAnimationFrame(follow);
  return () => (end = Math.min(end, performance.now() + SETTLE_MS));
}

function render({ model, el }) {
  el.classList.add("jupyter-widgets", "onb-history");
  el.dataset.lmSuppressShortcuts = "true";
  const button = (textContent) => make("button", { type: "button", textContent });
  const [back, forward, toggle] = [button("Back"), button("Forward"), button("History")];
  const body = make("tbody");
  const heads = COLUMNS.map((textContent) => make("th", { scope: "col", textContent }));
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), body);
  table.setAttribute("aria-label", "History");
  const list = make("div", { className: "onb-history-list", hidden: true }, table);
  list.id = `onb-history-${Math.random().toString(36).slice(2)}`;
  toggle.setAttribute("aria-controls", list.id);
  const bar = make("div", { className: "onb-history-bar" }, back, forward, toggle);
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Former questions");
  el.append(bar, list);

  let content = { lines: [], shown: null };
  let settled = () => {};
  const at = () => content.lines.findIndex(({ number }) => number === content.shown);

  function go(line) {
    if (!line || model.get("busy")) return;
    settled = stayInPlace(bar);
    model.send({ type: "choose", number: line.number });
  }

  function rowOf({ number, question, answer, moment, asked }) {
    const choose = make("button", { type: "button", textContent: question });
    choose.dataset.number = number;
    if (number === content.shown) choose.setAttribute("aria-current", "true");
    choose.setAttribute("aria-disabled", String(model.get("busy")));
    const time = make("time", { dateTime: asked, textContent: clock(asked) });
    const cells = [choose, answer, moment, time].map((part) => make("td", {}, part));
    return make("tr", {}, ...cells);
  }

  function drawList() {
    const focused = list.contains(document.activeElement) && document.activeElement;
    body.replaceChildren(...(list.hidden ? [] : [...content.lines].reverse().map(rowOf)));
    if (!focused) return;
    const again = body.querySelector(`[data-number="${focused.dataset.number}"]`);
    (again ?? toggle).focus({ preventScroll: true });
  }

  // Not `disabled`, which would take the focus away from who goes back by keyboard.
  function draw() {
    for (const [step, line] of [
      [back, content.lines[at() - 1]],
      [forward, content.lines[at() + 1]],
    ]) {
      step.setAttribute("aria-disabled", String(!line || model.get("busy")));
      step.title = line?.question ?? "";
    }
    toggle.textContent = `History (${content.lines.length})`;
    toggle.setAttribute("aria-expanded", String(!list.hidden));
    drawList();
  }

  function open(opened) {
    list.hidden = !opened;
    draw();
    if (opened) list.scrollIntoView({ block: "nearest" });
  }

  function received(message) {
    if (message.type !== "content") return;
    content = message;
    if (!content.lines.length) list.hidden = true;
    draw();
    settled();
  }

  back.addEventListener("click", () => go(content.lines[at() - 1]));
  forward.addEventListener("click", () => go(content.lines[at() + 1]));
  toggle.addEventListener("click", () => open(list.hidden));
  body.addEventListener("click", (event) => {
    const choose = event.target.closest("tr")?.querySelector("button");
    const line = content.lines.find(({ number }) => String(number) === choose?.dataset.number);
    go(line);
  });
  list.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    toggle.focus();
    open(false);
  });
  model.on("msg:custom", received);
  model.on("change:busy", draw);
  draw();
  model.send({ type: "ask" });
  return () => {
    model.off("msg:custom", received);
    model.off("change:busy", draw);
  };
}

export default { render };
