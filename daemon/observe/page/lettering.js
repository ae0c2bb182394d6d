// Text that has to fit into a box: measured, and cut with dots, because SVG can do neither by itself.

const context = document.createElement('canvas').getContext('2d');
const known = new Map();
const MOST = 20000;

export const FAMILY = 'system-ui, "DejaVu Sans", sans-serif';

export function widthOf(text, font) {
  context.font = `${font} ${FAMILY}`;
  return context.measureText(text).width;
}

/// The text, or as much of its beginning as is at most `width` wide, with dots. `font` as in CSS without the family.
export function fitted(text, font, width) {
  const key = `${font} ${width} ${text}`;
  if (!known.has(key)) {
    if (known.size > MOST) known.clear();
    known.set(key, cut(text, font, width));
  }
  return known.get(key);
}

function cut(text, font, width) {
  if (widthOf(text, font) <= width) return text;
  const letters = [...text];  // never half a character
  let least = 0, most = letters.length;
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (widthOf(`${letters.slice(0, middle).join('')}…`, font) <= width) least = middle;
    else most = middle - 1;
  }
  return `${letters.slice(0, least).join('')}…`;
}

/// The text in at most two lines.
export function twoLines(text, font, width) {
  if (widthOf(text, font) <= width) return [text, ''];
  const first = cut(text, font, width).slice(0, -1);
  const seam = Math.max(...['-', '_', '.', ' '].map((mark) => first.lastIndexOf(mark))) + 1;
  const at = seam > first.length / 2 ? seam : first.length;
  return [text.slice(0, at), fitted(text.slice(at), font, width)];
}
