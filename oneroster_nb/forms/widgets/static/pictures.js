// Charts as <img> elements, in which a browser runs no script, whatever a school is called.

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
    const pictures = urls.map((src, at) =>
      Object.assign(document.createElement("img"), { src, alt: message.alts[at] }),
    );
    el.replaceChildren(...(pictures.length ? pictures : [message.nothing]));
  };
  model.on("msg:custom", received);
  model.send({ type: "ask" });
  return () => {
    model.off("msg:custom", received);
    forget();
  };
}

export default { render };
