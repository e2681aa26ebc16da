// @ts-check
/** `<button hidden data-copy="text">`: appears where there is a clipboard to copy to, and says that it did. */

const SAID_MS = 2000; // long enough to be read, short enough not to lie about the next copy

/** @param {ParentNode} root */
export function enableCopyButtons(root) {
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (root.querySelectorAll("button[data-copy]"))) {
    copyWith(button, () => button.dataset.copy ?? "");
  }
}

/** @param {HTMLButtonElement} button @param {() => string} text asked when it is pressed
 * @param {HTMLElement} [status] a live region that repeats what the button says */
export function copyWith(button, text, status) {
  if (!navigator.clipboard) return; // only on https and localhost; the text can still be selected
  const label = button.textContent ?? "";
  button.hidden = false;
  button.addEventListener("click", async () => {
    const copied = await navigator.clipboard.writeText(text()).then(
      () => "Copied",
      () => "Select and copy it by hand",
    );
    button.textContent = copied;
    if (status) status.textContent = copied;
    setTimeout(() => {
      button.textContent = label;
      if (status) status.textContent = "";
    }, SAID_MS);
  });
}
