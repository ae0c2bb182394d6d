// One line of the graph and its label: made once, written anew with each document.
import {attribute, svg, write} from './dom.js';
import {widthOf} from './lettering.js';
import {percent, rate} from './numbers.js';
import {ARROW, courseOf} from './paths.js';

/// Draws the still parts of a line into `lines` and its label into `labels` (above the boxes, so that it can be focused
/// after them); returns what updateEdge() changes. `label` is false where there are too many to be read.
export function drawEdge(lines, labels, edge, ends, points, label) {
  const course = courseOf(ends, points);
  const group = svg(lines, 'g', {'data-edge': edge.key});
  const parts = {
    group, key: edge.key, from: edge.from, to: edge.to, title: svg(group, 'title'),
    halo: svg(group, 'path', {class: 'halo', d: course.d}),
    line: svg(group, 'path', {class: 'line', d: course.d}),
    flow: label ? svg(group, 'path', {class: 'flow', d: course.d}) : null,
    arrow: svg(group, 'path', {class: 'arrow', transform: `translate(${ends.to.x} ${ends.to.y})`}),
    label: null,
  };
  if (label) parts.label = drawLabel(labels, edge, course.label);
  return parts;
}

function drawLabel(labels, edge, {x, y}) {
  const group = svg(labels, 'g', {
    transform: `translate(${x} ${y})`, tabindex: 0, role: 'button', 'data-edge': edge.key});
  return {group, back: svg(group, 'rect', {y: -9, height: 18, rx: 9}), text: svg(group, 'text', {y: 4})};
}

/// Writes what the document says now. `marks` as of marksOf().
export function updateEdge(parts, edge, marks) {
  const locked = edge.lanes.some(({key}) => marks.lockedLanes.has(key));
  const held = edge.lanes.some(({key}) => marks.held.has(key));
  // One more pixel per factor of ten.
  const width = 1.2 + Math.log10(1 + edge.rate);
  parts.classes = ['edge', `flow-${speedOf(edge.rate)}`, edge.closed && 'closed', locked && 'locked', held && 'held',
                   edge.colour && `colour-${edge.colour}`].filter(Boolean).join(' ');
  attribute(parts.line, 'stroke-width', width.toFixed(1));
  attribute(parts.halo, 'stroke-width', (width + 10).toFixed(1));
  if (parts.flow) attribute(parts.flow, 'stroke-width', Math.max(1.4, width * 0.45).toFixed(1));
  const half = (3.5 + width * 0.7).toFixed(1);  // an arrow is wider than its line; every line arrives from the left
  attribute(parts.arrow, 'd', `M0 0L${-ARROW} ${-half}V${half}z`);
  const words = `${percent(edge.fill)} · ${rate(edge.rate)}`;
  const whole = [`${titleOf(edge)}: ${percent(edge.fill)} full`, rate(edge.rate), held ? 'held back' : '',
                 locked ? 'deadlock' : ''].filter(Boolean).join(', ');
  write(parts.title, 'textContent', whole);
  if (parts.label) updateLabel(parts.label, words, whole);
}

function updateLabel({group, back, text}, words, whole) {
  attribute(group, 'aria-label', whole);
  if (text.textContent === words) return;
  text.textContent = words;
  const width = widthOf(words, '11px') + 14;
  attribute(back, 'width', width.toFixed(1));
  attribute(back, 'x', (-width / 2).toFixed(1));
  attribute(text, 'x', (-width / 2 + 7).toFixed(1));
}

/// 0 when nothing flows, then one step per factor of some thirty: coarse, because changing it makes the dashes jump.
const speedOf = (rate) => rate < 0.05 ? 0 : Math.min(5, 1 + Math.floor(Math.log10(1 + rate) / 1.5));

function titleOf({lanes, from, to}) {
  if (lanes.length > 1) return `${from.replace(/^\w+ /, '')} → ${to.replace(/^\w+ /, '')}, ${lanes.length} channels`;
  const [{channel, reader}] = lanes;
  return `${channel.name} → ${reader.actor}.${reader.port} (${channel.message_type || 'frames'})`;
}
