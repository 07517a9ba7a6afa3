// Shows one page of a frame that stays in the kernel. Cells are written with textContent only.

const TYPING_PAUSE_MS = 200;
const PAGE_SIZES = [10, 25, 50, 100, 250];

const count = (number) => number.toLocaleString("en-US");
const unique = () => Math.random().toString(36).slice(2);

function make(tag, className, properties = {}) {
  const node = Object.assign(document.createElement(tag), properties);
  if (className) node.className = className;
  return node;
}

function labelled(text, control, className) {
  control.id = `onb-table-${unique()}`;
  const group = make("div", className);
  group.append(make("label", "", { textContent: text, htmlFor: control.id }), control);
  return group;
}

function statusLine({ rows, first, found, total }) {
  const of = found === total ? "" : ` (of ${count(total)})`;
  if (found === 0) return total === 0 ? "No rows" : `No rows match${of}`;
  return `Rows ${count(first + 1)}–${count(first + rows.length)} of ${count(found)}${of}`;
}

// A list of several choices in which a plain click adds or removes one, as in a list of check
// boxes; otherwise a click without a modifier key drops all the others.
function toggleOnClick(list) {
  list.addEventListener("mousedown", (event) => {
    if (!(event.target instanceof HTMLOptionElement)) return;
    event.preventDefault();
    const scrolled = list.scrollTop;
    event.target.selected = !event.target.selected;
    list.focus({ preventScroll: true });
    list.scrollTop = scrolled;
    list.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

// What stands around the rows. Built once for a view.
function build(el, pageSize, searchable) {
  el.classList.add("jupyter-widgets", "onb-table");
  // Without it JupyterLab takes Enter on a button for one of its shortcuts.
  el.dataset.lmSuppressShortcuts = "true";
  const search = make("input", "", { type: "search", placeholder: "Words in any shown column" });
  const size = make("select");
  for (const rows of [...new Set([...PAGE_SIZES, pageSize])].sort((a, b) => a - b)) {
    size.append(make("option", "", { value: rows, textContent: rows }));
  }
  size.value = String(pageSize);
  const columns = make("select", "", { multiple: true, size: 4 });
  toggleOnClick(columns);

  const tools = make("div", "onb-table-tools");
  const left = make("div", "onb-table-left");
  left.append(
    labelled("Search", search, "onb-table-search"),
    labelled("Page size", size, "onb-table-size"),
  );
  tools.append(left, labelled("Show columns", columns, "onb-table-columns"));

  const scroll = make("div", "onb-table-scroll", { tabIndex: 0 });
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", "Result table");
  const table = make("table");
  const head = make("tr");
  const body = make("tbody");
  const thead = make("thead");
  thead.append(head);
  table.append(thead, body);
  scroll.append(table);

  const status = make("div", "onb-table-status", { textContent: "Waiting for the kernel…" });
  status.setAttribute("role", "status");
  status.setAttribute("aria-live", "polite");
  const turn = (name) => {
    const button = make("button", "", { type: "button", textContent: name });
    button.setAttribute("aria-label", `${name} page`);
    return button;
  };
  const previous = turn("Previous");
  const next = turn("Next");
  const foot = make("div", "onb-table-foot");
  const turns = make("div", "onb-table-turns");
  turns.append(previous, next);
  foot.append(status, turns);
  if (searchable) el.append(tools);
  el.append(scroll, foot);
  return { search, size, columns, scroll, table, head, body, status, previous, next };
}

function render({ model, el }) {
  const view = unique();
  const parts = build(el, model.get("page_size"), model.get("searchable"));
  const start = () => ({ search: "", sort: null, descending: false, columns: null, page: 0 });
  let wanted = start();
  let question = 0;
  let drawn = { names: "", columns: "" };
  let pause;

  function ask(change = {}) {
    clearTimeout(pause);
    wanted = { ...wanted, page: 0, ...change };
    question += 1;
    parts.table.setAttribute("aria-busy", "true");
    model.send({ type: "page", view, question, size: Number(parts.size.value), ...wanted });
  }

  function sortBy(position) {
    if (wanted.sort !== position) ask({ sort: position, descending: false });
    else if (!wanted.descending) ask({ descending: true });
    else ask({ sort: null, descending: false });
  }

  function drawChoices({ names, columns }) {
    const shown = new Set(columns.map((column) => column.position));
    if (JSON.stringify(names) !== drawn.names) {
      drawn.names = JSON.stringify(names);
      parts.columns.replaceChildren(
        ...names.map((name, at) => make("option", "", { value: at, textContent: name })),
      );
    }
    [...parts.columns.options].forEach((option, at) => (option.selected = shown.has(at)));
  }

  // Header buttons are kept while the columns stay, so that the focus stays on them.
  function drawHead({ columns }) {
    if (JSON.stringify(columns) !== drawn.columns) {
      drawn.columns = JSON.stringify(columns);
      parts.head.replaceChildren(
        ...columns.map(({ position, name, kind }) => {
          const cell = make("th", `onb-table-${kind}`, { scope: "col" });
          cell.dataset.position = position;
          const button = make("button", "", { type: "button", textContent: name, title: name });
          button.addEventListener("click", () => sortBy(position));
          cell.append(button);
          return cell;
        }),
      );
    }
    for (const cell of parts.head.children) {
      const sorted = Number(cell.dataset.position) === wanted.sort;
      const order = wanted.descending ? "descending" : "ascending";
      cell.setAttribute("aria-sort", sorted ? order : "none");
    }
  }

  function drawRows({ rows, columns }) {
    const fragment = document.createDocumentFragment();
    for (const texts of rows) {
      const row = make("tr");
      texts.forEach((text, at) => {
        const cell = make("td", `onb-table-${columns[at].kind}`, { textContent: text });
        if (text.length > 30) cell.title = text;
        row.append(cell);
      });
      fragment.append(row);
    }
    parts.body.replaceChildren(fragment);
  }

  function draw(page) {
    wanted.page = page.page;
    drawChoices(page);
    drawHead(page);
    drawRows(page);
    parts.scroll.scrollTop = 0;
    parts.status.textContent = statusLine(page);
    // Not `disabled`, which would take the focus away from who turns pages by keyboard.
    const atEnd = page.first + page.rows.length >= page.found;
    parts.previous.setAttribute("aria-disabled", String(page.page === 0));
    parts.next.setAttribute("aria-disabled", String(atEnd));
    parts.table.setAttribute("aria-busy", "false");
  }

  function received(message) {
    if (message.type === "changed") {
      wanted = start();
      parts.search.value = "";
      ask();
    } else if (message.view === view && message.question === question) {
      draw(message);
    }
  }

  const turn = (button, by) =>
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") !== "true") ask({ page: wanted.page + by });
    });
  turn(parts.previous, -1);
  turn(parts.next, 1);
  parts.search.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(() => ask({ search: parts.search.value }), TYPING_PAUSE_MS);
  });
  parts.search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") ask({ search: parts.search.value });
  });
  parts.size.addEventListener("change", () => ask());
  parts.columns.addEventListener("change", () =>
    ask({ columns: [...parts.columns.selectedOptions].map((option) => Number(option.value)) }),
  );
  model.on("msg:custom", received);
  ask();
  return () => {
    clearTimeout(pause);
    model.off("msg:custom", received);
  };
}

export default { render };
