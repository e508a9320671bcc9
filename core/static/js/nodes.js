// Makes elements: text stays text, so nothing that people wrote can become a script.

/** Make an element with attributes and children; false and null attributes are left out. */
export function node(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Make a badge; tone: gray, primary, success, warning, danger, information. */
export function badge(text, tone = "gray") {
  return node("span", { class: `krds-badge bg-light-${tone}` }, text);
}

/** Make one pair of a list of facts. */
export function fact(name, ...values) {
  const isList = values.some((value) => value instanceof Element);
  return node("div", { class: isList ? "wide" : null }, node("dt", {}, name), node("dd", {}, ...values));
}
