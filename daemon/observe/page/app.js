// The live page: asks for /graph.json every second and shows what it says. It only reads; nothing here changes a daemon.
import {BOX, layout} from './layout.js';

const PERIOD_MS = 1000;
const MARGIN = 20;
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

function rate(value) {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} M/s`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(0)} k/s`;
  return value > 0 && value < 10 ? `${value.toFixed(1)}/s` : `${Math.round(value)}/s`;
}

function span(seconds) {
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor(whole / 60) % 60} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor(whole / 3600) % 24} h`;
}

const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0);
const clipped = (text, length) => text.length > length ? `${text.slice(0, length - 1)}…` : text;

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
  const marker = make(make(svg, 'defs'), 'marker',
    {id: 'arrow', viewBox: '0 0 8 8', refX: 8, refY: 4, markerWidth: 9, markerHeight: 9, orient: 'auto',
     markerUnits: 'userSpaceOnUse'});
  make(marker, 'path', {d: 'M0 0 8 4 0 8z'});
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
  const bend = Math.max(60, Math.abs(to.x - from.x) / 2);
  const path = make(group, 'path', {
    d: `M${from.x} ${from.y}C${from.x + bend} ${from.y} ${to.x - bend} ${to.y} ${to.x} ${to.y}`, 'marker-end': 'url(#arrow)'});
  make(group, 'title').textContent = `${channel.name} → ${reader.actor}.${reader.port}: ${channel.message_type}`;
  const label = make(labels, 'text', {x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 + 4, class: 'label'});
  edgeParts.set(key, {group, path, label});
}

function drawActor(parent, name, {x, y}) {
  const group = make(parent, 'g', {transform: `translate(${x} ${y})`});
  make(group, 'rect', {width: BOX.width, height: BOX.height, rx: 8});
  const title = make(group, 'title');
  make(group, 'text', {x: 10, y: 20, class: 'name'}).textContent = clipped(name, 24);
  const line = (at, kind) => make(group, 'text', {x: 10, y: at, class: kind});
  actorParts.set(name, {group, title, state: line(37, ''), counts: line(53, 'soft'), note: line(69, 'soft')});
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
  parts.state.textContent = clipped(`${actor.state} · ${actor.type}`, 30);
  parts.counts.textContent = `generation ${actor.generation} · ${sum(actor.restarts)} restarts`;
  parts.note.textContent = clipped(actor.up ? actor.note : explanation(actor), 29);
  parts.title.textContent = [actor.name, explanation(actor), actor.note].filter(Boolean).join('\n');
}

function explanation(actor) {
  if (actor.retry_in_seconds === null) return actor.reason;
  return `${actor.reason} (retry in ${actor.retry_in_seconds.toFixed(1)} s)`;
}

function updateEdge(parts, {channel, reader}) {
  const heat = reader.fill_ratio >= 0.9 ? 'hot' : reader.fill_ratio >= 0.7 ? 'warm' : '';
  parts.group.setAttribute('class', `edge ${heat} ${channel.closed ? 'closed' : ''}`);
  // One more pixel per factor of ten.
  parts.path.setAttribute('stroke-width', (1 + Math.log10(1 + channel.rate_messages_per_second)).toFixed(2));
  parts.label.textContent = `${percent(reader.fill_ratio)} · ${rate(channel.rate_messages_per_second)}`;
}

// ---- the header and the tables

function updateHeader(graph) {
  element('service').textContent = graph.name;
  const ready = element('ready');
  ready.textContent = graph.stopping ? 'stopping' : graph.ready ? 'ready' : 'not ready';
  ready.className = `badge ${graph.ready ? 'ready' : 'not-ready'}`;
  element('facts').textContent = `steadyd ${graph.version} · up ${span(graph.uptime_seconds)} · ` +
    `${graph.actors.length} actors · ${graph.channels.length} channels`;
  element('reasons').replaceChildren(...graph.not_ready.map((reason) => {
    const item = document.createElement('li');
    item.textContent = reason;
    return item;
  }));
}

/// Columns are [title, text of an item, kind]; text only ever goes in as text.
function updateTable(id, columns, items) {
  const row = (tag, text) => {
    const line = document.createElement('tr');
    for (const column of columns) line.appendChild(cell(tag, text(column), column[2]));
    return line;
  };
  element(id).replaceChildren(row('th', ([title]) => title), ...items.map((item) => row('td', ([, text]) => text(item))));
}

function cell(tag, text, kind) {
  const result = document.createElement(tag);
  if (kind === 'number') result.className = 'number';
  if (kind === 'state' && tag === 'td') {
    result.className = `state-${text}`;
    result.appendChild(document.createElement('span')).className = 'state';
    result.firstChild.textContent = text;
  } else {
    result.textContent = text;
  }
  return result;
}

const ACTOR_COLUMNS = [
  ['name', (a) => a.name],
  ['state', (a) => a.state, 'state'],
  ['plugin', (a) => `${a.plugin}/${a.type}`],
  ['gen', (a) => a.generation, 'number'],
  ['restarts', (a) => Object.entries(a.restarts).map(([reason, count]) => `${count} ${reason}`).join(', ')],
  ['pid', (a) => a.pid || '', 'number'],
  ['steps', (a) => grouped(a.steps), 'number'],
  ['cpu', (a) => `${a.cpu_seconds.toFixed(1)} s`, 'number'],
  ['memory', (a) => bytes(a.memory_bytes), 'number'],
  ['metrics', (a) => a.metrics.map((metric) => `${metric.name} ${(metric.value ?? NaN).toLocaleString('en')}`).join(', ')],
  ['note', (a) => [explanation(a), a.note].filter(Boolean).join(' — ')],
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
