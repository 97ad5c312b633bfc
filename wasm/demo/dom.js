// Making elements.

/**
 * Makes an element. Attributes that are undefined or false are left out; those
 * that are true are there without a value; functions listen to the event of their
 * name.
 *
 * @param {string} tag
 * @param {Record<string, any>} attributes
 * @param {...(Node | string)} children
 * @returns {any}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name, value);
    else if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...children);
  return made;
}

/**
 * The element of the page with an id.
 *
 * @param {string} id
 * @returns {any}
 */
export function the(id) {
  return document.getElementById(id);
}
