// @ts-check
/** Signing in without leaving the page, for one whose session ended: what it shows stays. Without this module the same
 * link leads to the page of that name. */

const UNREACHED = "The server can't be reached. Try again in a moment.";
const TOO_OLD = "This page is too old to sign in from. Reload it.";

export class SignInInline {
  /** @param {HTMLDialogElement} dialog call_sign_in.html @param {Element|null} link that opens it
   * @param {() => void} onSignedIn */
  constructor(dialog, link, onSignedIn) {
    this.dialog = dialog;
    this.onSignedIn = onSignedIn;
    this.form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
    this.error = /** @type {HTMLElement} */ (dialog.querySelector('[data-part="sign-in-error"]'));
    this.email = /** @type {HTMLInputElement} */ (this.form.elements.namedItem("email"));
    this.password = /** @type {HTMLInputElement} */ (this.form.elements.namedItem("password"));
    link?.addEventListener("click", (event) => this.#open(event));
    dialog.querySelector('[data-step="sign-in-later"]')?.addEventListener("click", () => dialog.close());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  /** Who signed in in another tab meanwhile, maybe as someone else, gets the page anew: a second session would end that
   * one. @param {Event} event */
  async #open(event) {
    event.preventDefault();
    this.#say("");
    this.dialog.showModal();
    this.password.focus();
    if (await isSignedIn(this.form.action)) location.reload();
  }

  async #send() {
    const body = new URLSearchParams(/** @type {any} */ (new FormData(this.form)));
    const was = this.email.defaultValue.toLowerCase();
    this.#say("");
    try {
      // the answer to a right password leads to a page, which is not what we want to see
      const answer = await fetch(this.form.action, { method: "POST", body, redirect: "manual", credentials: "same-origin" });
      if (answer.type !== "opaqueredirect") return this.#say(answer.status === 403 ? TOO_OLD : whatIsWrong(await answer.text()));
    } catch {
      return this.#say(UNREACHED);
    } finally {
      this.password.value = "";
      this.password.focus();
    }
    if (this.email.value.trim().toLowerCase() !== was) return location.reload(); // someone else, who may not see this
    this.dialog.close();
    this.onSignedIn();
  }

  /** @param {string} words */
  #say(words) {
    this.error.textContent = words;
    this.error.hidden = !words;
  }
}

/** The page of that name leads on who is. @param {string} address */
const isSignedIn = (address) =>
  fetch(address, { redirect: "manual", credentials: "same-origin" }).then(
    ({ type }) => type === "opaqueredirect",
    () => false,
  );

/** What the page of that name says. @param {string} html */
function whatIsWrong(html) {
  const error = new DOMParser().parseFromString(html, "text/html").querySelector(".form-error");
  return error?.textContent?.trim() || UNREACHED;
}
