// @ts-check
/** The form for a new source: what the chosen provider calls its secret and its account, and where they are found. */
import "callboard/settings_page";

const chosen = /** @type {HTMLSelectElement} */ (document.getElementById("field-kind"));
const account = /** @type {HTMLElement} */ (document.querySelector("[data-part=account]"));

function name() {
  const kind = /** @type {HTMLElement} */ (document.querySelector(`template[data-kind="${chosen.value}"]`)).dataset;
  say("secret", kind.secret ?? "", kind.secretFrom ?? "");
  say("account", kind.account ?? "", kind.accountFrom ?? "");
  account.hidden = !kind.account;
}

/** @param {string} field @param {string} label @param {string} hint */
function say(field, label, hint) {
  const named = /** @type {HTMLElement} */ (document.querySelector(`label[for="field-${field}"]`));
  /** @type {Text} */ (named.firstChild).data = `${label} `; // before the word "optional"
  /** @type {HTMLElement} */ (document.getElementById(`hint-${field}`)).textContent = hint;
}

chosen.addEventListener("change", name);
name(); // a browser that comes back may remember another choice than the page was made for
