// What the server wrote into the page for its scripts: language, words, the CSRF token, settings.

export const boot = JSON.parse(document.getElementById("boot").textContent);

/** Say a sentence of the catalog, its {places} filled from `values`. */
export function t(key, values = {}) {
  const sentence = boot.words[key] ?? key;
  return sentence.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

/** Find an element by id; a missing one is our own mistake and says so at once. */
export function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element #${id}`);
  return found;
}

/** Say something politely to a screen reader; the same sentence twice is said twice. */
export function announce(text) {
  const region = element("announcements");
  region.textContent = "";
  window.setTimeout(() => {
    region.textContent = text;
  }, 50);
}
