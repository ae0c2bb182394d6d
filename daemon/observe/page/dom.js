// Making and changing elements. Text from outside goes in as text, never as markup.

const SVG = 'http://www.w3.org/2000/svg';

export const element = (id) => document.getElementById(id);

/// An HTML element: html('p', {className: 'soft'}, 'text', child, ...). Properties with a dash are attributes; empty
/// children are left out.
export function html(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes('-') || name === 'role') node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ''));
  return node;
}

/// A list of name and value; pairs without a value are left out.
export function pairs(entries) {
  const shown = entries.filter(([, value]) => value !== null && value !== undefined && value.length !== 0);
  return html('dl', {}, ...shown.flatMap(([name, value]) => [html('dt', {}, name), html('dd', {}, ...[value].flat())]));
}

/// A heading and what belongs under it.
export const section = (title, ...content) => [html('h3', {}, title), ...content];

/// An SVG element as the last child of `parent`.
export function svg(parent, tag, attributes = {}) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return parent.appendChild(node);
}

/// Writes a property only when it differs, so that a selection or a tooltip outlives the next refresh.
export function write(node, property, value) {
  if (node[property] !== value) node[property] = value;
}

/// The same for an attribute; null takes it away.
export function attribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

const HANDLERS = ['onclick', 'onpointermove', 'onpointerleave'];

/// Makes the children of `place` equal to those of `next` by changing what differs: what has the focus, is selected, is
/// being clicked or was unfolded stays. Elements with a `data-key` are recognised by it wherever they go.
export function morph(place, next) {
  let cursor = place.firstChild;
  for (const node of [...next.childNodes]) {
    const key = node.dataset?.key;
    const same = (key && [...place.children].find((child) => child.dataset.key === key)) ?? cursor;
    if (!same || same.nodeName !== node.nodeName || same.dataset?.key !== key) {
      place.insertBefore(node, cursor);
      continue;
    }
    if (same === cursor) cursor = cursor.nextSibling;
    else place.insertBefore(same, cursor);
    adopt(same, node);
  }
  while (cursor) {
    const stale = cursor;
    cursor = cursor.nextSibling;
    stale.remove();
  }
}

function adopt(node, next) {
  if (node.nodeType !== Node.ELEMENT_NODE) return write(node, 'nodeValue', next.nodeValue);
  for (const {name, value} of [...next.attributes]) if (name !== 'open') attribute(node, name, value);
  for (const {name} of [...node.attributes])
    if (name !== 'open' && !next.hasAttribute(name)) attribute(node, name, null);
  for (const handler of HANDLERS) node[handler] = next[handler];
  morph(node, next);
}
