// Charts as <img> elements, in which a browser runs no script, whatever a school is called, and a
// heat map as a table, whose cells are written with textContent only.

const make = (tag, properties = {}, children = []) => {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
};

const heading = (textContent, scope) => make("th", { textContent, scope });

function coloured([textContent, colour]) {
  const cell = make("td", { textContent });
  cell.style.backgroundColor = colour;
  return cell;
}

function heatMap({ caption, corner, columns, rows }) {
  const names = columns.map((name) => heading(name, "col"));
  const head = make("tr", {}, [make("td", { textContent: corner }), ...names]);
  const lines = rows.map(([label, cells]) =>
    make("tr", {}, [heading(label, "row"), ...cells.map(coloured)]),
  );
  const table = make("table", {}, [
    make("caption", { textContent: caption }),
    make("thead", {}, [head]),
    make("tbody", {}, lines),
  ]);
  // A table that is wider than the page can be scrolled with the keyboard, too.
  return make("div", { className: "onb-heat-map", tabIndex: 0 }, [table]);
}

function render({ model, el }) {
  el.classList.add("jupyter-widgets", "onb-pictures");
  let urls = [];
  const forget = () => {
    urls.forEach((url) => URL.revokeObjectURL(url));
    urls = [];
  };
  const received = (message, buffers) => {
    if (message.type !== "content") return;
    forget();
    urls = message.alts.map((_, at) =>
      URL.createObjectURL(new Blob([buffers[at]], { type: "image/svg+xml" })),
    );
    const shown = urls.map((src, at) => make("img", { src, alt: message.alts[at] }));
    if (message.table) shown.push(heatMap(message.table));
    el.replaceChildren(...(shown.length ? shown : [message.nothing]));
  };
  model.on("msg:custom", received);
  model.send({ type: "ask" });
  return () => {
    model.off("msg:custom", received);
    forget();
  };
}

export default { render };
