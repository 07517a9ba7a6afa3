// Marks every control of the form around it, so that JupyterLab leaves the keys pressed there to
// it: otherwise an arrow in a list moves to another cell, and "x" cuts the cell with the form.
// JupyterLab looks at the control that has the focus first, so a mark on the form is not enough.

const FORM = ".onb-form";
const CONTROLS = "select, input, button, [tabindex]";

export default {
  render({ el }) {
    el.hidden = true;
    let form = null;
    const mark = () => {
      for (const control of form.querySelectorAll(CONTROLS)) {
        control.dataset.lmSuppressShortcuts = "true";
      }
    };
    const observer = new MutationObserver(mark);
    // A child is drawn before it is put into the page.
    const start = requestAnimationFrame(() => {
      form = el.closest(FORM);
      if (!form) return;
      observer.observe(form, { childList: true, subtree: true });
      mark();
    });
    return () => {
      cancelAnimationFrame(start);
      observer.disconnect();
    };
  },
};
