// The typed text lives in the input elements and nowhere else. It leaves them as the binary part
// of a message, when the kernel asks for it or when Enter is pressed.

// Two windows may show one notebook. An empty answer waits, so that the window in which something
// was typed is heard first.
const EMPTY_ANSWER_WAITS_MS = 150;

const CLEARED = "cleared, as the connection was changed";

export default () => {
  const inputs = new Set(); // one for each place in which the field is shown
  let controls = []; // what the text belongs to

  const text = () => inputs.values().next().value?.value ?? "";
  const fill = (value) => inputs.forEach((input) => (input.value = value));
  const hand = (model, content) =>
    model.send(content, undefined, [new TextEncoder().encode(text())]);

  const changed = () => {
    if (!text()) return;
    fill("");
    inputs.forEach((input) => (input.placeholder = CLEARED));
  };
  const chosen = (control) => control.get("index") ?? control.get("value") ?? null;

  async function initialize({ model }) {
    const received = (message) => {
      if (message.type === "clear") fill("");
      if (message.type === "collect") {
        const { question } = message;
        const answer = () =>
          hand(model, { type: "answer", question, belongs_to: controls.map(chosen) });
        setTimeout(answer, text() ? 0 : EMPTY_ANSWER_WAITS_MS);
      }
    };
    model.on("msg:custom", received);
    const found = (model.get("belongs_to") ?? []).map((reference) =>
      model.widget_manager.get_model(reference.replace("IPY_MODEL_", "")),
    );
    controls = await Promise.all(found);
    controls.forEach((control) => control.on("change:index change:value", changed));
    return () => {
      model.off("msg:custom", received);
      controls.forEach((control) => control.off("change:index change:value", changed));
    };
  }

  function render({ model, el }) {
    // The classes of ipywidgets' own text field, so that both look alike in a form.
    el.classList.add("jupyter-widgets", "widget-inline-hbox", "widget-text", "onb-secret");
    el.dataset.lmSuppressShortcuts = "true";
    const label = document.createElement("label");
    label.className = "widget-label";
    const input = document.createElement("input");
    input.type = "password";
    input.autocomplete = "off";
    input.id = label.htmlFor = `onb-secret-${Math.random().toString(36).slice(2)}`;
    input.value = text();
    inputs.add(input);
    el.append(label, input);

    const update = () => {
      label.textContent = label.title = model.get("description");
      label.hidden = !label.textContent;
      label.style.width = model.get("label_width");
      input.placeholder = model.get("placeholder");
      input.disabled = model.get("disabled");
    };
    input.addEventListener("input", () => {
      fill(input.value);
      update();
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) hand(model, { type: "submit" });
    });
    const traits =
      "change:description change:placeholder change:disabled change:label_width";
    model.on(traits, update);
    update();
    return () => {
      model.off(traits, update);
      inputs.delete(input);
    };
  }

  return { initialize, render };
};
