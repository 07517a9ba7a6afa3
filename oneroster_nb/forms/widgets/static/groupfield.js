// A text field whose completions come as messages: they are not in the model, which may be saved.

let count = 0;

function render({ model, el }) {
  const id = `onb-group-${Math.random().toString(36).slice(2)}-${(count += 1)}`;
  // The classes of ipywidgets' own text field, so that both look alike in a form.
  el.classList.add("jupyter-widgets", "widget-inline-hbox", "widget-text", "onb-group");
  el.dataset.lmSuppressShortcuts = "true";
  const label = document.createElement("label");
  label.className = "widget-label";
  label.htmlFor = id;
  const input = document.createElement("input");
  input.type = "text";
  input.id = id;
  const completions = document.createElement("datalist");
  completions.id = `${id}-completions`;
  input.setAttribute("list", completions.id);
  el.append(label, input, completions);

  const update = () => {
    label.textContent = label.title = model.get("description");
    label.style.width = model.get("label_width");
    input.placeholder = model.get("placeholder");
    // Setting an equal text would still move the cursor to its end.
    if (input.value !== model.get("value")) input.value = model.get("value");
  };
  const received = ({ type, options }) => {
    if (type !== "content") return;
    const offered = options.map((value) =>
      Object.assign(document.createElement("option"), { value }),
    );
    completions.replaceChildren(...offered);
  };
  input.addEventListener("input", () => {
    model.set("value", input.value);
    model.save_changes();
  });
  const traits = "change:value change:description change:placeholder change:label_width";
  model.on(traits, update);
  model.on("msg:custom", received);
  update();
  model.send({ type: "ask" });
  return () => {
    model.off(traits, update);
    model.off("msg:custom", received);
  };
}

export default { render };
