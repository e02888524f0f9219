// Elements without a framework. Strings become text, never markup: data cannot inject any.

/** h("a", {href: "#", onclick: f}, "text", element, [more]); null, undefined and false children are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    // What ARIA calls false must be said; other attributes are then left out.
    if (value === undefined || (value === false && !name.startsWith("aria-"))) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : value);
  }
  element.append(...children.flat().filter((each) => each !== null && each !== undefined && each !== false));
  return element;
}

/** Hands the reader a file. */
export function download(name, blob) {
  const address = URL.createObjectURL(blob);
  h("a", {href: address, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** "Time by mode: fetch" to "time-by-mode-fetch". */
export const fileName = (text) =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60) || "brigade";

/** A button that copies a text and says so. */
export function copyButton(text, label = "Copy") {
  const button = h("button", {type: "button", class: "quiet copy", onclick: copy, "aria-live": "polite"}, label);
  async function copy() {
    button.textContent = (await toClipboard(text)) ? "Copied" : "Select and copy by hand";
    setTimeout(() => (button.textContent = label), 2000);
  }
  return button;
}

async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Some browsers keep the clipboard from pages on disk, but still know the old way.
    const area = h("textarea", {class: "away"});
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
