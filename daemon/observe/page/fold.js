// Which boxes and lines are drawn: an actor each, or one for a group of them. Pure functions of the document.
import {sum} from './numbers.js';
import {colourOf, isDown, lanesOf, worseColour} from './verdict.js';

/// Above so many actors replicas are folded until somebody unfolds them.
export const MANY = 60;
const STATES_BY_CONCERN = ['failed', 'stopping', 'waiting', 'starting', 'stopped', 'finished', 'running'];

/// What can be folded: replicas, which are actors of one type whose names differ only in a number at the end and that
/// do not talk to each other (parse-1 to parse-8), and the actors of one worker. [{key, kind, title, members: [name]}]
export function groupsOf(graph) {
  return [...replicas(graph), ...workers(graph)];
}

function grouped(actors, keyOf) {
  const found = new Map();
  for (const actor of actors) {
    const key = keyOf(actor);
    if (key === null) continue;
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(actor);
  }
  return [...found].filter(([, members]) => members.length > 1);
}

function replicas(graph) {
  const stem = (actor) => actor.name.match(/^(.*?)[-_.]?\d+$/)?.[1] || null;
  const keyOf = (actor) => stem(actor) && `replicas ${stem(actor)} ${actor.plugin}/${actor.type}`;
  const found = grouped(graph.actors, keyOf);
  const keys = new Map(found.flatMap(([key, members]) => members.map((actor) => [actor.name, key])));
  // Numbered stages of a pipeline are no replicas.
  const connected = new Set(lanesOf(graph).map(({channel, reader}) => (
    keys.get(channel.from_actor) === keys.get(reader.actor) ? keys.get(reader.actor) : undefined)));
  return found.filter(([key]) => !connected.has(key)).map(([key, members]) => (
    {key, kind: 'replicas', title: stem(members[0]), members: members.map((actor) => actor.name)}));
}

const workers = (graph) => grouped(graph.actors, (actor) => actor.worker || null).map(([worker, members]) => (
  {key: `worker ${worker}`, kind: 'worker', title: worker, members: members.map((actor) => actor.name)}));

/// Whether a group is folded as long as nobody has said otherwise.
export const foldedByDefault = (group, graph) => group.kind === 'replicas' && graph.actors.length > MANY;

/// The drawing: {nodes, edges}. A node: {key, title, members: [actor], group or null, foldable: [group]}. An edge:
/// {key, from, to (keys of nodes), lanes, rate, fill, colour, closed}. Lanes inside a folded group are not drawn.
export function viewOf(graph, isFolded) {
  const groups = groupsOf(graph);
  const inside = new Map(), foldable = new Map();
  for (const group of groups) {
    const folds = isFolded(group);
    for (const name of group.members) {
      if (folds) inside.set(name, group);  // a worker's group comes later and takes its replicas with it
      else foldable.set(name, [...(foldable.get(name) ?? []), group]);
    }
  }
  const nodes = new Map();
  for (const actor of graph.actors) {
    const group = inside.get(actor.name) ?? null;
    const key = group ? group.key : actor.name;
    if (!nodes.has(key))
      nodes.set(key, {key, title: group?.title ?? actor.name, members: [], group,
                      foldable: foldable.get(actor.name) ?? []});
    nodes.get(key).members.push(actor);
  }
  return {nodes: [...nodes.values()], edges: edgesOf(graph, (name) => inside.get(name)?.key ?? name, nodes)};
}

function edgesOf(graph, nodeOf, nodes) {
  const edges = new Map();
  for (const lane of lanesOf(graph)) {
    const from = nodeOf(lane.channel.from_actor), to = nodeOf(lane.reader.actor);
    if (!nodes.has(from) || !nodes.has(to)) continue;
    const whole = nodes.get(from).group === null && nodes.get(to).group === null;
    if (!whole && from === to) continue;
    const key = whole ? lane.key : `${from} > ${to}`;
    if (!edges.has(key)) edges.set(key, {key, from, to, lanes: []});
    edges.get(key).lanes.push(lane);
  }
  return [...edges.values()].map((edge) => ({...edge, ...together(edge.lanes)}));
}

/// The sum of the rates, the worst of the rest.
const together = (lanes) => ({
  rate: lanes.reduce((total, {channel}) => total + channel.rate_messages_per_second, 0),
  fill: Math.max(...lanes.map(({reader}) => reader.fill_ratio)),
  colour: lanes.map(({channel}) => colourOf(channel.triggers)).reduce(worseColour, ''),
  closed: lanes.every(({channel}) => channel.closed),
});

/// What a box says of its actors: sums where they add up, otherwise the one that is worst off.
export function summaryOf(members) {
  const concern = (actor) => isDown(actor) ? -1 : STATES_BY_CONCERN.indexOf(actor.state);
  const worst = members.reduce((a, b) => concern(b) < concern(a) ? b : a);
  const total = (value) => members.reduce((result, actor) => result + value(actor), 0);
  const memory = new Map(members.map((actor) => [actor.worker || actor.name, actor.memory_bytes]));  // once a worker
  return {
    worst, down: isDown(worst), state: worst.state,
    running: members.filter((actor) => actor.state === 'running').length,
    restarts: total((actor) => sum(actor.restarts)),
    cpu: members.some((actor) => actor.cpu) ? total((actor) => actor.cpu?.now ?? 0) : null,
    memory: [...memory.values()].reduce((a, b) => a + b, 0),
    incidents: total((actor) => sum(actor.incidents)),
    letters: total((actor) => actor.dead_letters),
    colour: members.map((actor) => colourOf(actor.triggers)).reduce(worseColour, ''),
    active: members.flatMap((actor) => (actor.triggers ?? []).filter((trigger) => trigger.active)),
    waits: ['input_ratio', 'room_ratio', 'timer_ratio'].map((ratio) => (
      total((actor) => actor[ratio] ?? 0) / members.length)),
    measured: members.some((actor) => actor.activity),
  };
}
