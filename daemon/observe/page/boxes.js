// One box of the graph: made once, written anew with each document.
import {attribute, svg, write} from './dom.js';
import {summaryOf} from './fold.js';
import {fitted, twoLines, widthOf} from './lettering.js';
import {BOX} from './measures.js';
import {bytes, counted, percent} from './numbers.js';
import {remark} from './verdict.js';

const LEFT = 14, INNER = BOX.width - LEFT - 10;
const FONTS = {name: '600 14px', state: '12px', soft: '11px', badge: '600 11px', far: '600 32px'};
const BAR = ['busy', 'input', 'room', 'timer'];

/// Draws the still parts of a box; returns what updateBox() changes.
export function drawBox(parent, node, {x, y}) {
  const group = svg(parent, 'g', {
    transform: `translate(${x} ${y})`, tabindex: 0, role: 'button', 'data-node': node.key});
  const title = svg(group, 'title');
  if (node.group) {  // a stack of cards
    svg(group, 'rect', {class: 'card', x: 8, y: 8, width: BOX.width, height: BOX.height, rx: 9});
    svg(group, 'rect', {class: 'card', x: 4, y: 4, width: BOX.width, height: BOX.height, rx: 9});
  }
  svg(group, 'rect', {class: 'card front', width: BOX.width, height: BOX.height, rx: 9});
  svg(group, 'path', {class: 'stripe', d: `M9 0H6V${BOX.height}H9A9 9 0 0 1 0 ${BOX.height - 9}V9A9 9 0 0 1 9 0Z`});
  const line = (kind, y) => svg(group, 'text', {class: `near ${kind}`, x: LEFT, y});
  const parts = {
    group, title, key: node.key, x, y,
    name: line('name', 22), state: line('state', 40), counts: line('soft', 56), note: line('soft', 72),
    bar: BAR.map((part) => svg(group, 'rect', {class: `near bar ${part}`, y: 82, height: 5})),
    far: [42, 78].map((y) => svg(group, 'text', {class: 'far-name', x: LEFT, y})),
    fold: null, badges: svg(group, 'g', {class: 'badges'}), badgesShown: '',
  };
  if (node.group || node.foldable.length) parts.fold = drawFold(group, node);
  writeName(parts, node);
  return parts;
}

function drawFold(group, node) {
  const fold = svg(group, 'g', {
    class: 'near fold', transform: `translate(${BOX.width - 17} 16)`, 'data-fold': node.key});
  svg(fold, 'title').textContent = node.group ? `unfold ${node.title}` : `fold ${node.foldable.at(0).title}`;
  svg(fold, 'circle', {r: 9});
  svg(fold, 'path', {d: node.group ? 'M-4.5 0H4.5M0 -4.5V4.5' : 'M-4.5 0H4.5'});
  return fold;
}

const nameOf = (node) => node.group ? `${node.title} ×${node.members.length}` : node.title;

function writeName(parts, node) {
  const name = nameOf(node);
  write(parts.name, 'textContent', fitted(name, FONTS.name, INNER - (parts.fold ? 22 : 0)));
  const [first, second] = twoLines(name, FONTS.far, INNER);
  write(parts.far[0], 'textContent', first);
  write(parts.far[1], 'textContent', second);
  attribute(parts.far[0], 'y', second ? 42 : 59);
}

/// Writes what the document says now. `marks` as of marksOf().
export function updateBox(parts, node, marks) {
  const summary = summaryOf(node.members);
  const culprits = node.members.map((actor) => marks.culprits.get(actor.name)).filter(Boolean);
  const locked = node.members.some((actor) => marks.lockedActors.has(actor.name));
  const held = node.members.some((actor) => actor.culprit);
  parts.classes = ['actor', `state-${summary.state}`, summary.down && 'down', locked && 'locked',
                   culprits.length && 'culprit', held && 'is-held',
                   summary.colour && `colour-${summary.colour}`].filter(Boolean).join(' ');
  const note = noteOf(node, summary);
  write(parts.state, 'textContent', fitted(stateOf(node, summary), FONTS.state, INNER));
  write(parts.counts, 'textContent', fitted(countsOf(summary), FONTS.soft, INNER));
  write(parts.note, 'textContent', fitted(note, FONTS.soft, INNER));
  updateBar(parts.bar, summary);
  const badges = badgesOf(culprits, locked, summary);
  updateBadges(parts, badges);
  const whole = [`${nameOf(node)}: ${stateOf(node, summary)}`, ...badges.map(({text}) => text), note].filter(Boolean);
  const members = node.group ? [node.members.map((actor) => actor.name).join(', ')] : [];
  write(parts.title, 'textContent', [...whole, ...members].join('\n'));
  attribute(parts.group, 'aria-label', whole.join(', '));
}

function stateOf(node, {state, running, worst}) {
  if (!node.group) return `${state} · gen ${worst.generation} · ${worst.type}`;
  const others = node.members.length - running;
  const whole = node.group.kind === 'worker' ? 'one worker' : worst.type;
  return `${running} running${others ? ` · ${others} not` : ''} · ${whole}`;
}

const countsOf = ({restarts, cpu, memory}) => [
  restarts ? counted(restarts, 'restart') : '', cpu === null ? '' : `${percent(cpu)} CPU`,
  memory ? bytes(memory) : ''].filter(Boolean).join(' · ');

function noteOf(node, {worst}) {
  const text = remark(worst);
  return text && node.group ? `${worst.name}: ${text}` : text;
}

/// How the last second was spent: at work, waiting for input, for room, for the timer.
function updateBar(bar, {waits, measured, running}) {
  const busy = Math.max(0, 1 - waits.reduce((a, b) => a + b, 0));
  let x = LEFT;
  [busy, ...waits].forEach((ratio, index) => {
    const width = measured && running ? Math.min(ratio, 1) * INNER : 0;
    attribute(bar[index], 'x', x.toFixed(1));
    attribute(bar[index], 'width', Math.min(width, LEFT + INNER - x).toFixed(1));
    x += width;
  });
}

function badgesOf(culprits, locked, {incidents, letters, active}) {
  const held = new Set(culprits.flatMap((culprit) => culprit.holds_back));
  const badges = [];
  if (locked) badges.push({kind: 'locked', text: 'deadlock'});
  if (held.size) badges.push({kind: 'culprit', text: `holds back ${held.size}`});
  const more = active.length > 1 ? ` +${active.length - 1}` : '';
  for (const {colour, when} of active.slice(0, 1)) badges.push({kind: `trigger colour-${colour}`, text: when + more});
  if (letters) badges.push({kind: 'letters', text: counted(letters, 'dead letter')});
  if (incidents) badges.push({kind: 'incidents', text: counted(incidents, 'incident')});
  return badges;
}

/// Pills on the edges of the box: what is wrong now above, right to left; what was wrong below.
function updateBadges(parts, badges) {
  const shown = JSON.stringify(badges);
  if (parts.badgesShown === shown) return;
  parts.badgesShown = shown;
  parts.badges.replaceChildren();
  const right = {above: BOX.width - 8, below: BOX.width - 8};
  for (const {kind, text} of badges) {
    const row = kind === 'letters' || kind === 'incidents' ? 'below' : 'above';
    const fit = fitted(text, FONTS.badge, 130);
    const width = widthOf(fit, FONTS.badge) + 16;
    if (right[row] - width < 4) continue;
    const place = `${(right[row] - width).toFixed(1)} ${row === 'above' ? -10 : BOX.height - 9}`;
    const pill = svg(parts.badges, 'g', {class: `badge-${kind}`, transform: `translate(${place})`});
    svg(pill, 'rect', {width: width.toFixed(1), height: 19, rx: 9.5});
    svg(pill, 'text', {x: 8, y: 13.5}).textContent = fit;
    right[row] -= width + 5;
  }
}
