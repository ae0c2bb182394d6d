// A still picture of the graph as a file: the drawing with every style written out, so that it looks the same anywhere.
import {FAMILY} from './lettering.js';

const STYLES = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-opacity',
                'stroke-linecap', 'opacity', 'font-size', 'font-weight'];

/// The text of an SVG document of `world`, which is `size` large when nothing is zoomed.
export function stillOf(world, size) {
  const frame = world.ownerSVGElement;
  const far = frame.classList.contains('far');
  frame.classList.remove('far');
  frame.classList.add('printing');
  const copy = world.cloneNode(true);
  writeStyles(world, copy);
  frame.classList.remove('printing');
  frame.classList.toggle('far', far);
  copy.removeAttribute('transform');
  const root = document.createElementNS(frame.namespaceURI, 'svg');
  const attributes = {...size, viewBox: `0 0 ${size.width} ${size.height}`, 'font-family': FAMILY};
  for (const [name, value] of Object.entries(attributes)) root.setAttribute(name, value);
  const back = root.appendChild(document.createElementNS(frame.namespaceURI, 'rect'));
  back.setAttribute('width', '100%');
  back.setAttribute('height', '100%');
  back.setAttribute('fill', plainColour(getComputedStyle(document.body).backgroundColor).colour);
  root.append(copy);
  return new XMLSerializer().serializeToString(root);
}

/// Both trees have one shape; what is not displayed is left out of the copy.
function writeStyles(node, copy) {
  const style = getComputedStyle(node);
  if (style.display === 'none') return copy.remove();
  for (const name of STYLES) copy.setAttribute(name, style.getPropertyValue(name));
  for (const name of ['fill', 'stroke']) {
    const {colour, opacity} = plainColour(style.getPropertyValue(name));
    copy.setAttribute(name, colour);
    if (opacity !== null) copy.setAttribute(`${name}-opacity`, opacity);
  }
  for (const name of [...copy.getAttributeNames()].filter((each) => /^(class|tabindex|role|data-|aria-)/.test(each)))
    copy.removeAttribute(name);
  const children = [...copy.children];
  [...node.children].forEach((child, index) => child.tagName !== 'title' && writeStyles(child, children[index]));
}

/// A colour as every renderer knows it, and its opacity if it has one. Browsers compute mixed ones as "color(...)".
export function plainColour(value) {
  const [red, green, blue, opacity = 1] = (value.match(/[\d.]+(e-?\d+)?/g) ?? []).map(Number);
  if (blue === undefined) return {colour: value, opacity: null};
  if (opacity === 0) return {colour: 'none', opacity: null};
  const scale = value.startsWith('color(') ? 255 : 1;
  return {colour: `rgb(${[red, green, blue].map((part) => Math.round(part * scale)).join(', ')})`,
          opacity: opacity < 1 ? opacity : null};
}

/// Lets the user save text as a file.
export function download(name, text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], {type: 'image/svg+xml'}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
