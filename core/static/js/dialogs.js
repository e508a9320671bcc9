// Dialogs that close by their own buttons, by Escape, and give the focus back.

import { element } from "./boot.js";

/** Open a dialog by id; the browser keeps the focus in it and returns it afterwards. */
export function openDialog(id) {
  const dialog = element(id);
  if (!dialog.open) dialog.showModal();
}

/** Close a dialog by id, if it is open. */
export function closeDialog(id) {
  const dialog = element(id);
  if (dialog.open) dialog.close();
}

/** Make every `data-close` button close the dialog around it. */
export function wireDialogs() {
  document.querySelectorAll("dialog [data-close]").forEach((button) => {
    button.addEventListener("click", () => button.closest("dialog").close());
  });
}
