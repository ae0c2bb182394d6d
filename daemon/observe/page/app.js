// The live page: follows the daemon and shows what it says. It only reads; nothing here changes a daemon.
import {remember, remembered} from './address.js';
import {follow} from './connection.js';
import {Details} from './details.js';
import {element} from './dom.js';
import {foldedByDefault, groupsOf, viewOf} from './fold.js';
import {Graph} from './graph.js';
import {Header, showConnection} from './header.js';
import {ACTORS, CHANNELS, SUPERVISORS} from './inventory.js';
import {listen} from './keyboard.js';
import {searchOf} from './search.js';
import {download, stillOf} from './still.js';
import {Table} from './tables.js';
import {themeButton} from './theme.js';
import {actorRank, isDown, laneRank, lanesOf, marksOf} from './verdict.js';
import {Viewport} from './viewport.js';

let last = null;      // the document on the screen
let view = null, marks = null;
let waiting = false;  // a document that has not been drawn yet
const folds = new Map();  // key of a group -> whether the user has folded it

const world = element('world');
const graph = new Graph(world);
const viewport = new Viewport(world.ownerSVGElement, world);
const header = new Header((what) => open(what, true));
const details = new Details(element('details'), {open: (what) => open(what, true), fold: toggleFold, closed});
const search = element('search');

const tables = {
  actors: new Table(element('actors'), ACTORS, {
    rank: (actor) => actorRank(actor, marks), opens: ({name}) => ({kind: 'actor', name}),
    classes: (actor) => isDown(actor) ? 'down' : marks.culprits.has(actor.name) ? 'culprit' : ''}, open),
  channels: new Table(element('channels'), CHANNELS, {
    rank: (lane) => laneRank(lane, marks), opens: ({channel}) => ({kind: 'channel', name: channel.name}),
    classes: ({key}) => marks.lockedLanes.has(key) ? 'down' : marks.held.has(key) ? 'held' : ''}, open),
  supervisors: new Table(element('supervisors'), SUPERVISORS, {}, open),
};

// ---- showing

const isFolded = (group) => folds.get(group.key) ?? foldedByDefault(group, last);

function show() {
  waiting = false;
  if (!last) return;
  marks = marksOf(last);
  view = viewOf(last, isFolded);
  header.update(last);
  if (graph.show(view, marks)) viewport.show(graph.size, graph.heavy);
  details.update({graph: last, marks, isFolded});
  graph.select(keyOf(details.chosen));
  showMatches();
}

/// At most once per picture, and not at all while nobody looks.
function showSoon() {
  if (waiting) return;
  waiting = true;
  if (!document.hidden) requestAnimationFrame(show);
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden && waiting) requestAnimationFrame(show);
});

// ---- search

function showMatches() {
  const sought = searchOf(search);
  const actors = last.actors.filter((actor) => sought?.isActor(actor) ?? true);
  const found = new Set(actors);
  const nodes = view.nodes.filter((node) => node.members.some((actor) => found.has(actor)));
  graph.highlight(sought && new Set(nodes.map((node) => node.key)));
  element('matches').textContent = sought ? `${actors.length} of ${last.actors.length}` : '';
  tables.actors.update(actors);
  tables.channels.update(lanesOf(last).filter((lane) => sought?.isLane(lane) ?? true));
  tables.supervisors.update(last.supervisors.filter((supervisor) => sought?.isSupervisor(supervisor) ?? true));
}

search.addEventListener('input', () => view && showMatches());
search.addEventListener('keydown', (event) => {
  const actor = event.key === 'Enter' && view && searchOf(search)?.best(last.actors);
  if (actor) open({kind: 'actor', name: actor.name}, true);
});

// ---- choosing

/// The key of the box or line that stands for {kind, name}.
function keyOf(what) {
  if (!what || !view) return null;
  const {kind, name} = what;
  const found = kind === 'channel' ? view.edges.find((edge) => edge.lanes.some(({channel}) => channel.name === name)) :
    view.nodes.find((node) => node.key === name || node.members.some((actor) => actor.name === name));
  return found?.key ?? null;
}

/// Opens the details of {kind, name}; `reveal` brings it into sight in the graph as well.
function open(what, reveal = false) {
  document.body.classList.add('with-details');
  details.open(what);
  remember(what);
  const key = keyOf(what);
  graph.select(key);
  const at = reveal && key && graph.centreOf(key);
  if (at) requestAnimationFrame(() => viewport.reveal(at, true));
}

function closed() {
  document.body.classList.remove('with-details');
  remember(null);
  graph.select(null);
}

function toggleFold(key) {
  const group = groupsOf(last).find((each) => each.key === key);
  if (!group) return;
  folds.set(key, !isFolded(group));
  if (details.chosen?.kind === 'group') details.close();
  show();
}

/// What a click or Enter on a part of the drawing does.
function activate(part) {
  const node = view.nodes.find((each) => each.key === part.dataset.node);
  if (node) return open(node.group ? {kind: 'group', name: node.key} : {kind: 'actor', name: node.key});
  const edge = view.edges.find((each) => each.key === part.dataset.edge);
  if (edge) open({kind: 'channel', name: edge.lanes[0].channel.name});
}

function clicked(event) {
  const fold = event.target.closest('[data-fold]');
  const node = fold && view.nodes.find((each) => each.key === fold.dataset.fold);
  if (node) return toggleFold(node.group ? node.key : node.foldable[0].key);
  const part = event.target.closest('[data-node], [data-edge]');
  if (part) activate(part);
}

function move(part, direction) {
  const key = part?.dataset.node ?? keyOf(details.chosen) ?? view?.nodes[0]?.key;
  const next = part?.dataset.node ? graph.neighbour(key, direction) : graph.boxes.has(key) ? key : view?.nodes[0]?.key;
  if (!next) return;
  graph.focus(next);
  viewport.reveal(graph.centreOf(next));
}

function escape() {
  if (search.value || document.activeElement === search) {
    search.value = '';
    search.blur();
    if (view) showMatches();
  } else {
    details.close();
  }
}

world.ownerSVGElement.addEventListener('click', clicked);
const zoom = (factor) => viewport.zoom(factor), fit = () => viewport.fit();
listen({escape, activate, move, zoom, fit, search: () => search.select()});
themeButton(element('theme'));
element('svg').addEventListener('click', (event) => {
  event.preventDefault();
  if (last) download(`${last.name}.svg`, stillOf(world, graph.size));
});
element('zoom-in').addEventListener('click', () => zoom(1.3));
element('zoom-out').addEventListener('click', () => zoom(1 / 1.3));
element('fit').addEventListener('click', fit);

let first = true;
follow((document) => {
  last = document;
  showSoon();
  if (!first) return;
  first = false;
  const what = remembered();
  if (what) requestAnimationFrame(() => open(what, true));
}, (live) => showConnection(live, last));
