// A press asks the kernel for the file; the answer's binary part is saved through a Blob URL.

// Revoking the URL at once cancels the download in some browsers.
const URL_LIVES_MS = 60_000;

function save(filename, mediaType, bytes) {
  const url = URL.createObjectURL(new Blob([bytes], { type: mediaType }));
  const link = document.createElement("a");
  link.href = url;
  link.download = filename;
  link.hidden = true;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), URL_LIVES_MS);
}

function render({ model, el }) {
  const view = Math.random().toString(36).slice(2);
  el.classList.add("jupyter-widgets", "onb-download");
  el.dataset.lmSuppressShortcuts = "true";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "jupyter-widgets jupyter-button widget-button";
  const status = document.createElement("span");
  status.className = "onb-download-status";
  status.setAttribute("role", "status");
  el.append(button, status);

  let waiting = false;
  const say = (text, failed = false) => {
    status.textContent = text;
    status.classList.toggle("onb-download-failed", failed);
  };
  const update = () => {
    button.textContent = model.get("description");
    button.disabled = model.get("disabled");
    button.setAttribute("aria-busy", String(waiting));
  };
  const received = (message, buffers) => {
    if (message.type === "clear") say("");
    if (message.view !== view) return;
    waiting = false;
    update();
    if (message.type === "file") {
      save(message.filename, message.media_type, buffers[0]);
      say(`${message.filename} was handed to the browser.`);
    } else {
      say(message.reason, true);
    }
  };
  button.addEventListener("click", () => {
    if (waiting) return;
    waiting = true;
    update();
    say("Making the file…");
    model.send({ type: "press", view });
  });
  model.on("msg:custom", received);
  model.on("change:description change:disabled", update);
  update();
  return () => {
    model.off("msg:custom", received);
    model.off("change:description change:disabled", update);
  };
}

export default { render };
