// @ts-check
/** Signing in without leaving the page, for one whose session ended: what it shows stays. Without this module the same
 * link leads to the page of that name.
 *
 * A browser has one session, and signing in begins another, which ends what all its pages live on: so a page whose reader
 * signed in on another one asks for nothing and goes on, at the latest when it has the focus again. */

const UNREACHED = "The server can't be reached. Try again in a moment.";
const TOO_OLD = "This page is too old to sign in from. Reload it.";

export class SignInInline {
  /** @param {HTMLDialogElement} dialog call_sign_in.html @param {Element|null} link that opens it
   * @param {() => void} onSignedIn */
  constructor(dialog, link, onSignedIn) {
    this.dialog = dialog;
    this.link = /** @type {HTMLElement|null} */ (link);
    this.onSignedIn = onSignedIn;
    this.form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
    this.error = /** @type {HTMLElement} */ (dialog.querySelector('[data-part="sign-in-error"]'));
    this.email = /** @type {HTMLInputElement} */ (this.form.elements.namedItem("email"));
    this.password = /** @type {HTMLInputElement} */ (this.form.elements.namedItem("password"));
    link?.addEventListener("click", (event) => this.#open(event));
    addEventListener("focus", () => this.#cameBack());
    dialog.querySelector('[data-step="sign-in-later"]')?.addEventListener("click", () => dialog.close());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  #cameBack() {
    if (this.link && !this.link.hidden) this.#goOn();
  }

  /** @param {Event} event */
  #open(event) {
    event.preventDefault();
    this.#say("");
    this.dialog.showModal();
    this.password.focus();
    this.#goOn();
  }

  /** For who is signed in already: the page as it stands, or anew for someone else, who may not see this.
   * @returns {Promise<boolean>} whether it does */
  async #goOn() {
    const who = await whoIsSignedIn(this.form.action);
    if (who === null) return false;
    if (who === this.email.defaultValue) this.#finish();
    else location.reload();
    return true;
  }

  #finish() {
    this.dialog.close();
    this.onSignedIn();
  }

  async #send() {
    const body = new URLSearchParams(/** @type {any} */ (new FormData(this.form)));
    const isSame = this.email.value.trim().toLowerCase() === this.email.defaultValue.toLowerCase();
    this.#say("");
    try {
      if (isSame && (await this.#goOn())) return;
      // the answer to a right password leads to a page, which is not what we want to see
      const answer = await fetch(this.form.action, { method: "POST", body, redirect: "manual", credentials: "same-origin" });
      if (answer.type !== "opaqueredirect") return this.#say(answer.status === 403 ? TOO_OLD : whatIsWrong(await answer.text()));
    } catch {
      return this.#say(UNREACHED);
    } finally {
      this.password.value = "";
      this.password.focus();
    }
    if (isSame) this.#finish();
    else location.reload();
  }

  /** @param {string} words */
  #say(words) {
    this.error.textContent = words;
    this.error.hidden = !words;
  }
}

/** The page of that name leads on who is, here to the page of the account. @param {string} address
 * @returns {Promise<string|null>} the e-mail; null: nobody, or the server can't be reached */
async function whoIsSignedIn(address) {
  try {
    const answer = await fetch(`${address}?next=/account`, { credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return /** @type {HTMLInputElement|null} */ (page.querySelector('input[name="username"]'))?.value ?? null;
  } catch {
    return null;
  }
}

/** What the page of that name says. @param {string} html */
function whatIsWrong(html) {
  const error = new DOMParser().parseFromString(html, "text/html").querySelector(".form-error");
  return error?.textContent?.trim() || UNREACHED;
}
