// A line of text, never markup; an error is announced at once, anything else when there is time.

function render({ model, el }) {
  el.classList.add("jupyter-widgets", "onb-message");
  const line = document.createElement("div");
  line.setAttribute("role", "status");
  el.append(line);
  const received = ({ type, text, kind }) => {
    if (type !== "content") return;
    line.setAttribute("role", kind === "error" ? "alert" : "status");
    line.className = `onb-message-${kind}`;
    line.textContent = text;
  };
  model.on("msg:custom", received);
  model.send({ type: "ask" });
  return () => model.off("msg:custom", received);
}

export default { render };
