// The live page: asks for /graph.json every second and shows what it says. It only reads; nothing here changes a daemon.
import {BOX, layout} from './layout.js';

const PERIOD_MS = 1000;
const MARGIN = 20;
const ARROW = 12;
const element = (id) => document.getElementById(id);
const svg = document.querySelector('#graph svg');

// ---- numbers for people

const grouped = (value) => Math.round(value).toLocaleString('en');
const percent = (ratio) => `${Math.round(ratio * 100)} %`;

function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; ++unit) value /= 1024;
  return `${unit && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/// As steadyctl writes it: "713 M/s", "2.1 G/s", "42 k/s"; below ten thousand as it is.
function rate(value) {
  if (value > 0 && value < 9.95) return `${value.toFixed(1)}/s`;
  if (value < 1e4) return `${Math.round(value)}/s`;
  const units = ['k', 'M', 'G', 'T'];
  let unit = 0;
  for (value /= 1000; value >= 999.5 && unit < units.length - 1; ++unit) value /= 1000;
  return `${value.toFixed(value < 9.95 ? 1 : 0)} ${units[unit]}/s`;
}

function span(seconds) {
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor(whole / 60) % 60} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor(whole / 3600) % 24} h`;
}

const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0);
const counted = (count, thing) => `${count} ${thing}${count === 1 ? '' : 's'}`;

/// Writes only what differs, so that a selection or a tooltip outlives the next refresh.
function write(node, property, value) {
  if (node[property] !== value) node[property] = value;
}

// ---- the graph: elements are kept by key and only their text and classes change until the topology does

const SVG = 'http://www.w3.org/2000/svg';
let drawnTopology = null;
const actorParts = new Map(), edgeParts = new Map();

function make(parent, tag, attributes = {}) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return parent.appendChild(node);
}

const edgesOf = (graph) => graph.channels.flatMap((channel) => channel.readers.map((reader) => (
  {channel, reader, key: `${channel.name} ${reader.actor}.${reader.port}`})));

// A new version number, and also other names under the same one: the daemon itself may have been replaced.
const topologyOf = (graph) => JSON.stringify(
  [graph.topology_version, graph.actors.map((actor) => actor.name), edgesOf(graph).map((edge) => edge.key)]);

function redraw(graph) {
  svg.replaceChildren();
  actorParts.clear();
  edgeParts.clear();
  const names = graph.actors.map((actor) => actor.name);
  const edges = edgesOf(graph);
  const {width, height, boxes} = layout(names, edges.map(({channel, reader}) => [channel.from_actor, reader.actor]));
  svg.setAttribute('width', width + 2 * MARGIN);
  svg.setAttribute('height', height + 2 * MARGIN);
  const all = make(svg, 'g', {transform: `translate(${MARGIN} ${MARGIN})`});
  const slots = slotsOf(edges, boxes);
  const lines = make(all, 'g'), labels = make(all, 'g');  // no line may cross the label of another
  for (const edge of edges) if (slots.has(edge.key)) drawEdge(lines, labels, edge, slots.get(edge.key));
  for (const name of names) drawActor(all, name, boxes.get(name));
}

/// Where on the sides of its two boxes each edge begins and ends: spread evenly, in the order of the far ends.
function slotsOf(edges, boxes) {
  const result = new Map();
  const sides = [['from', ({channel}) => channel.from_actor, ({reader}) => reader.actor],
                 ['to', ({reader}) => reader.actor, ({channel}) => channel.from_actor]];
  for (const [end, near, far] of sides) {
    const groups = new Map();
    for (const edge of edges) {
      if (!boxes.has(near(edge)) || !boxes.has(far(edge))) continue;
      groups.set(near(edge), [...(groups.get(near(edge)) ?? []), edge]);
    }
    for (const [name, group] of groups) {
      const box = boxes.get(name);
      group.sort((a, b) => boxes.get(far(a)).y - boxes.get(far(b)).y);
      group.forEach((edge, index) => {
        const point = {x: end === 'from' ? box.x + BOX.width : box.x, y: box.y + BOX.height * (index + 1) / (group.length + 1)};
        result.set(edge.key, {...result.get(edge.key), [end]: point});
      });
    }
  }
  return result;
}

function drawEdge(lines, labels, {channel, reader, key}, {from, to}) {
  const group = make(lines, 'g');
  const bend = Math.max(60, Math.abs(to.x - from.x) / 2), end = to.x - ARROW;
  const line = make(group, 'path', {
    d: `M${from.x} ${from.y}C${from.x + bend} ${from.y} ${end - bend} ${to.y} ${end} ${to.y}`});
  const arrow = make(group, 'path', {class: 'arrow', transform: `translate(${to.x} ${to.y})`});
  make(group, 'title').textContent = `${channel.name} → ${reader.actor}.${reader.port}: ${channel.message_type}`;
  const label = make(labels, 'text', {x: (from.x + end) / 2, y: (from.y + to.y) / 2 + 4, class: 'label'});
  edgeParts.set(key, {group, line, arrow, label});
}

function drawActor(parent, name, {x, y}) {
  const group = make(parent, 'g', {transform: `translate(${x} ${y})`});
  make(group, 'rect', {width: BOX.width, height: BOX.height, rx: 8});
  // HTML inside, because SVG text can neither wrap nor end in dots.
  const box = make(group, 'foreignObject', BOX).appendChild(document.createElement('div'));
  box.className = 'box';
  const line = (kind) => {
    const result = box.appendChild(document.createElement('div'));
    result.className = kind;
    return result;
  };
  line('name').textContent = name;
  actorParts.set(name, {group, box, state: line(''), counts: line('soft'), note: line('soft note')});
}

function updateGraph(graph) {
  const topology = topologyOf(graph);
  if (topology !== drawnTopology) redraw(graph);
  drawnTopology = topology;
  for (const actor of graph.actors) updateActor(actorParts.get(actor.name), actor);
  for (const edge of edgesOf(graph)) if (edgeParts.has(edge.key)) updateEdge(edgeParts.get(edge.key), edge);
}

function updateActor(parts, actor) {
  parts.group.setAttribute('class', `actor state-${actor.state}`);
  write(parts.state, 'textContent', `${actor.state} · ${actor.type}`);
  write(parts.counts, 'textContent', `generation ${actor.generation} · ${counted(sum(actor.restarts), 'restart')}`);
  write(parts.note, 'textContent', remark(actor));
  write(parts.box, 'title', [`${actor.name}: ${actor.state}`, remark(actor)].filter(Boolean).join('\n'));
}

/// What a running actor says of itself, or why it is not running. A note from before would only confuse.
function remark(actor) {
  if (actor.state === 'running') return actor.note;
  if (actor.retry_in_seconds === null) return actor.reason;
  return `${actor.reason} (retry in ${actor.retry_in_seconds.toFixed(1)} s)`;
}

function updateEdge(parts, {channel, reader}) {
  const heat = reader.fill_ratio >= 0.9 ? 'hot' : reader.fill_ratio >= 0.7 ? 'warm' : '';
  parts.group.setAttribute('class', `edge ${heat} ${channel.closed ? 'closed' : ''}`);
  // One more pixel per factor of ten.
  const width = 1 + Math.log10(1 + channel.rate_messages_per_second);
  parts.line.setAttribute('stroke-width', width.toFixed(2));
  const half = (3.5 + width * 0.7).toFixed(2);  // an arrow is wider than its line; every edge arrives from the left
  parts.arrow.setAttribute('d', `M0 0L${-ARROW} ${-half}V${half}z`);
  parts.label.textContent = `${percent(reader.fill_ratio)} · ${rate(channel.rate_messages_per_second)}`;
}

// ---- the header and the tables

/// Since when the daemon has not been ready; null while it is. A page that finds it so says so at once.
let unreadySince = -Infinity;

/// False during an ordinary restart: that takes milliseconds and is no reason to alarm anyone.
function lastingUnready(graph) {
  unreadySince = graph.ready ? null : unreadySince ?? performance.now();
  return unreadySince !== null && performance.now() - unreadySince >= PERIOD_MS;
}

function updateHeader(graph) {
  element('service').textContent = graph.name;
  const unready = lastingUnready(graph);
  const ready = element('ready');
  ready.textContent = graph.stopping ? 'stopping' : unready ? 'not ready' : 'ready';
  ready.className = `badge ${graph.stopping ? 'stopping' : unready ? 'not-ready' : 'ready'}`;
  element('facts').textContent = `steadyd ${graph.version} · up ${span(graph.uptime_seconds)} · ` +
    `${counted(graph.actors.length, 'actor')} · ${counted(graph.channels.length, 'channel')}`;
  const reasons = unready && !graph.stopping ? graph.not_ready : [];
  write(element('reasons'), 'textContent', reasons.join(' · '));
  write(element('reasons'), 'title', reasons.join('\n'));
}

/// Columns are [title, text of an item, kind]; text only ever goes in as text.
function updateTable(id, columns, items) {
  const table = element(id);
  const lines = [columns.map(([title]) => title),
                 ...items.map((item) => columns.map(([, text]) => String(text(item))))];
  while (table.rows.length > lines.length) table.deleteRow(-1);
  lines.forEach((texts, index) => {
    const row = table.rows[index] ?? newRow(table, index ? 'td' : 'th', columns);
    texts.forEach((text, column) => updateCell(row.cells[column].firstChild, text, index ? columns[column][2] : ''));
  });
}

function newRow(table, tag, columns) {
  const row = table.insertRow();
  for (const [, , kind] of columns) {
    const cell = row.appendChild(document.createElement(tag));
    cell.className = kind ?? '';
    cell.appendChild(document.createElement('div'));
  }
  return row;
}

function updateCell(content, text, kind) {
  write(content, 'textContent', text);
  if (kind === 'state') write(content, 'className', `state-${text}`);
  if (kind === 'long') write(content, 'title', text);
}

const ACTOR_COLUMNS = [
  ['name', (a) => a.name],
  ['state', (a) => a.state, 'state'],
  ['plugin', (a) => `${a.plugin}/${a.type}`],
  ['gen', (a) => a.generation, 'number'],
  ['restarts', (a) => Object.entries(a.restarts).map(([reason, count]) => `${count} ${reason}`).join(', ')],
  ['pid', (a) => a.pid || '-', 'number'],
  ['steps', (a) => grouped(a.steps), 'number'],
  ['cpu', (a) => `${a.cpu_seconds.toFixed(1)} s`, 'number'],
  ['memory', (a) => a.memory_bytes ? bytes(a.memory_bytes) : '-', 'number'],  // 0: not sampled yet
  ['metrics', (a) => a.metrics.map(({name, value}) => `${name} ${(value ?? NaN).toLocaleString('en')}`)
    .join('\u00a0· '), 'long'],
  ['note', remark, 'long'],
];
const CHANNEL_COLUMNS = [
  ['channel', ({channel}) => channel.name],
  ['reader', ({reader}) => `${reader.actor}.${reader.port}`],
  ['carries', ({channel}) => channel.frames ? 'frames' : channel.message_type],
  ['fill', ({reader}) => percent(reader.fill_ratio), 'number'],
  ['in flight', ({reader}) => grouped(reader.inflight_messages), 'number'],
  ['capacity', ({channel: c}) => c.frames ? bytes(c.capacity_bytes) : grouped(c.capacity_messages), 'number'],
  ['rate', ({channel}) => rate(channel.rate_messages_per_second), 'number'],
  ['sent', ({channel}) => grouped(channel.messages_sent), 'number'],
  ['received', ({reader}) => grouped(reader.messages_received), 'number'],
  ['blocked', ({channel}) => `${channel.blocked_seconds.toFixed(1)} s`, 'number'],
];
const SUPERVISOR_COLUMNS = [
  ['name', (s) => s.name],
  ['parent', (s) => s.parent],
  ['strategy', (s) => s.strategy],
  ['budget', (s) => `${s.used} of ${s.intensity} used in ${s.period_seconds} s` +
    (s.resets_in_seconds === null ? '' : `, resets in ${Math.ceil(s.resets_in_seconds)} s`)],
  ['failed', (s) => s.failed ? s.why || 'yes' : ''],
];

// ---- following the daemon

/// The title names what is on the screen: the present, or the last that was heard.
function showConnection(live, graph) {
  const word = live ? 'live' : 'snapshot';
  element('connection').textContent = word;
  element('connection').className = `badge ${word}`;
  document.title = `${graph?.name ?? 'steadyd'} — ${word}`;
}

let last = null;
async function refresh() {
  try {
    const answer = await fetch('graph.json', {cache: 'no-store', signal: AbortSignal.timeout(3 * PERIOD_MS)});
    if (!answer.ok) throw new Error(answer.statusText);
    last = await answer.json();
    updateHeader(last);
    updateGraph(last);
    updateTable('actors', ACTOR_COLUMNS, last.actors);
    updateTable('channels', CHANNEL_COLUMNS, edgesOf(last));
    updateTable('supervisors', SUPERVISOR_COLUMNS, last.supervisors);
    showConnection(true, last);
  } catch (error) {
    console.warn(error);
    showConnection(false, last);
  }
  setTimeout(refresh, PERIOD_MS);
}
refresh();
