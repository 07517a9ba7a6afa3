// Code as text, with a button that copies it.

export default {
  render({ model, el }) {
    el.classList.add("onb-code");
    const code = document.createElement("pre");
    code.tabIndex = 0;
    code.setAttribute("role", "region");
    code.setAttribute("aria-label", "Code of this answer");
    const bar = document.createElement("div");
    bar.className = "onb-code-bar";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "jupyter-widgets jupyter-button widget-button";
    button.textContent = "Copy code";
    const status = document.createElement("span");
    status.setAttribute("role", "status");
    bar.append(button, status);
    el.append(bar, code);

    // Where the page is not served securely there is no clipboard; then the text is selected.
    const copy = async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        status.textContent = "Copied. Paste it into a new cell.";
      } catch {
        getSelection().selectAllChildren(code);
        status.textContent = "Selected. Press Ctrl+C to copy it.";
      }
    };
    button.addEventListener("click", copy);
    const received = (message) => {
      if (message.type !== "content") return;
      code.textContent = message.code;
      status.textContent = "";
    };
    model.on("msg:custom", received);
    model.send({ type: "ask" });
    return () => model.off("msg:custom", received);
  },
};
