// A file is sent in pieces, each when the kernel has asked for it.

const PIECE = 2 << 20;
let count = 0;

function render({ model, el }) {
  const view = Math.random().toString(36).slice(2);
  const id = `onb-upload-${view}-${(count += 1)}`;
  el.classList.add("jupyter-widgets", "widget-inline-hbox", "onb-upload");
  el.dataset.lmSuppressShortcuts = "true";
  const label = document.createElement("label");
  label.className = "widget-label";
  label.htmlFor = id;
  const input = document.createElement("input");
  input.type = "file";
  input.id = id;
  const status = document.createElement("span");
  status.className = "onb-upload-status";
  status.setAttribute("role", "status");
  el.append(label, input, status);

  let file = null;
  let sent = 0;

  const update = () => {
    label.textContent = model.get("description");
    label.style.width = model.get("label_width");
    input.accept = model.get("accept");
  };
  const send = async (type) => {
    const chosen = file;
    const bytes = await chosen.slice(sent, sent + PIECE).arrayBuffer();
    if (chosen !== file) return;
    sent += bytes.byteLength;
    const last = sent >= chosen.size;
    model.send({ type, view, name: chosen.name, size: chosen.size, last }, undefined, [bytes]);
    status.textContent = last ? "" : `${Math.round((100 * sent) / chosen.size)} %`;
  };
  const received = (message) => {
    if (message.type === "clear") {
      file = null;
      input.value = "";
      status.textContent = "";
    } else if (message.view !== view || file === null) {
      return;
    } else if (message.type === "next") {
      send("piece");
    } else if (message.type === "done") {
      status.textContent = `${file.name} is there.`;
    } else {
      file = null;
      input.value = "";
      status.textContent = message.words;
    }
  };
  input.addEventListener("change", () => {
    file = input.files[0] ?? null;
    sent = 0;
    if (file !== null) send("begin");
  });
  model.on("msg:custom", received);
  model.on("change:description change:label_width change:accept", update);
  update();
  return () => {
    model.off("msg:custom", received);
    model.off("change:description change:label_width change:accept", update);
  };
}

export default { render };
