// @ts-check
/** `<button hidden data-copy="text">`: appears where there is a clipboard to copy to, and says that it did. */

const SAID_MS = 2000; // long enough to be read, short enough not to lie about the next copy

/** @param {ParentNode} root */
export function enableCopyButtons(root) {
  if (!navigator.clipboard) return; // only on https and localhost; the text can still be selected
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (root.querySelectorAll("button[data-copy]"))) {
    const label = button.textContent ?? "";
    button.hidden = false;
    button.addEventListener("click", async () => {
      const copied = await navigator.clipboard.writeText(button.dataset.copy ?? "").then(
        () => "Copied",
        () => "Select and copy it by hand",
      );
      button.textContent = copied;
      setTimeout(() => (button.textContent = label), SAID_MS);
    });
  }
}
