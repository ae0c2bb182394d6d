// What is wrong, in the order in which it matters, and which parts of the graph belong to it. Pure functions of the
// document that /graph.json gives.
import {listed} from './numbers.js';

const COLOURS = ['', 'yellow', 'orange', 'red'];

/// One reader of one channel: the unit that a line of the graph stands for.
export const lanesOf = (graph) => graph.channels.flatMap((channel) => channel.readers.map((reader) => (
  {channel, reader, key: `${channel.name} ${reader.actor}.${reader.port}`})));

export const worseColour = (a, b) => COLOURS.indexOf(a) >= COLOURS.indexOf(b) ? a : b;

/// The worst colour among the triggers that are active: '', yellow, orange or red.
export const colourOf = (triggers = []) =>
  triggers.filter((trigger) => trigger.active).map((trigger) => trigger.colour).reduce(worseColour, '');

/// Whether an actor that should run does not.
export const isDown = (actor) => actor.state === 'failed' || (!actor.up && actor.retry_in_seconds !== null);

/// What a running actor says of itself, or why it is not running. A note from before would only confuse.
export function remark(actor) {
  if (actor.state === 'running') return actor.note;
  if (actor.retry_in_seconds === null) return actor.reason;
  return `${actor.reason} (retry in ${actor.retry_in_seconds.toFixed(1)} s)`;
}

/// Who holds whom back: culprits (actor -> bottleneck), lanes on the way to one (`held`), actors and lanes of a
/// deadlock.
export function marksOf(graph) {
  const marks = {culprits: new Map(), held: new Set(), lockedActors: new Set(), lockedLanes: new Set()};
  for (const bottleneck of graph.bottlenecks ?? []) marks.culprits.set(bottleneck.actor, bottleneck);
  const lanes = new Map();
  for (const lane of lanesOf(graph)) lanes.set(lane.channel.name, [...(lanes.get(lane.channel.name) ?? []), lane]);
  const between = (channel, a, b) => (lanes.get(channel) ?? []).filter((lane) => (
    [a, b].includes(lane.channel.from_actor) && [a, b].includes(lane.reader.actor))).map((lane) => lane.key);
  for (const actor of graph.actors) {
    if (!actor.culprit || !actor.blocked_by) continue;
    for (const key of between(actor.blocked_channel, actor.name, actor.blocked_by)) marks.held.add(key);
  }
  for (const {actors, channels} of graph.deadlocks ?? []) {
    actors.forEach((name, index) => {
      marks.lockedActors.add(name);
      const next = actors[(index + 1) % actors.length];
      for (const key of between(channels[index], name, next)) marks.lockedLanes.add(key);
    });
  }
  return marks;
}

/// One sentence per problem, causes before symptoms: {severity, text, kind: 'actor' or 'channel', name, brief}. What is
/// brief may be over before anybody has read it, like a restart.
export function problemsOf(graph) {
  const warnings = triggers(graph).sort((a, b) => COLOURS.indexOf(b.severity) - COLOURS.indexOf(a.severity));
  return [...deadlocks(graph), ...graph.actors.filter(isDown).map(down), ...(graph.bottlenecks ?? []).map(bottleneck),
          ...warnings];
}

const deadlocks = (graph) => (graph.deadlocks ?? []).map(({actors, channels}) => ({
  severity: 'red', kind: 'actor', name: actors[0],
  text: `deadlock: ${actors.map((name, index) => `${name} waits on ${channels[index]}`).join(', ')}`}));

const down = ({name, state, reason}) => ({
  severity: 'red', kind: 'actor', name, brief: state !== 'failed',
  text: `${name} ${state === 'failed' ? 'has failed' : 'is down'}${reason ? `: ${reason}` : ''}`});

const bottleneck = ({actor, why, holds_back: held}) => ({
  severity: 'held', kind: 'actor', name: actor, text: `${actor} holds back ${listed(held)}${why ? ` (${why})` : ''}`});

const triggers = (graph) => [['actor', graph.actors], ['channel', graph.channels]].flatMap(([kind, items]) => (
  items.flatMap((item) => (item.triggers ?? []).filter((trigger) => trigger.active).map((trigger) => ({
    severity: trigger.colour, kind, name: item.name, text: `${item.name}: ${trigger.when}${measured(trigger)}`})))));

/// The value of a trigger's statistic, with its unit.
export const measured = ({shown}) => shown ? ` (now ${shown})` : '';

/// How far up in a table an actor belongs: what is wrong comes first.
export function actorRank(actor, marks) {
  if (marks.lockedActors.has(actor.name)) return 0;
  if (isDown(actor)) return 1;
  if (marks.culprits.has(actor.name)) return 2;
  const colour = COLOURS.indexOf(colourOf(actor.triggers));
  return colour ? 6 - colour : actor.culprit ? 6 : 7;
}

/// The same for one reader of a channel.
export function laneRank({key, channel}, marks) {
  if (marks.lockedLanes.has(key)) return 0;
  if (marks.held.has(key)) return 1;
  const colour = COLOURS.indexOf(colourOf(channel.triggers));
  return colour ? 5 - colour : 5;
}
