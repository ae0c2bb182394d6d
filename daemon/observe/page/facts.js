// What the panel says of the present: elements made from the document of /graph.json. Nothing is kept here.
import {html, pairs, section} from './dom.js';
import {groupsOf, summaryOf} from './fold.js';
import {bytes, counted, duration, grouped, listed, percent, rate, short, span, sum} from './numbers.js';
import {isDown, measured, remark} from './verdict.js';

const link = (text, what, on) => html('button', {className: 'link', onclick: () => on.open(what)}, text);
const actorLink = (name, on) => link(name, {kind: 'actor', name}, on);
const channelLink = (name, on) => link(name, {kind: 'channel', name}, on);
const joined = (links) => links.flatMap((each, index) => index ? [', ', each] : [each]);
const gone = [html('p', {className: 'soft'}, 'It is no longer there.')];

export function actorFacts(name, {graph, marks, isFolded}, on) {
  const actor = graph.actors.find((each) => each.name === name);
  if (!actor) return gone;
  const inputs = graph.channels.filter((channel) => channel.readers.some((reader) => reader.actor === name));
  const outputs = graph.channels.filter((channel) => channel.from_actor === name);
  const waits = ['input_ratio', 'room_ratio', 'timer_ratio'].map((key) => actor[key] ?? 0);
  const busy = Math.max(0, 1 - waits.reduce((a, b) => a + b, 0));
  return [
    html('p', {}, html('span', {className: `pill state-${actor.state}${isDown(actor) ? ' down' : ''}`}, actor.state),
      html('span', {className: 'soft'}, ` ${actor.plugin}/${actor.type}`)),
    ...troubles(actor, marks, on),
    html('p', {className: 'remark'}, remark(actor)),
    pairs([
      ['from', joined(inputs.map((channel) => channelLink(channel.name, on)))],
      ['to', joined(outputs.map((channel) => channelLink(channel.name, on)))],
      ['generation', `${actor.generation}`],
      ['restarts', byCause(actor.restarts)],
      ['incidents', byCause(actor.incidents)],
      ['dead letters', actor.dead_letters ? grouped(actor.dead_letters) : null],
      ['process', actor.pid ? `${actor.pid}${actor.core >= 0 ? ` on core ${actor.core}` : ''}` : 'none'],
      ['standby', actor.standby ? `${actor.standby}${actor.standby_pid ? `, process ${actor.standby_pid}` : ''}` : null],
      ['worker', actor.worker !== name ? actor.worker : null],
      ['placement', placed(actor)],
      ['memory', actor.memory_bytes ? bytes(actor.memory_bytes) : null],
      ['state size', actor.state_bytes ? bytes(actor.state_bytes) : null],
      ['last second', actor.activity && actor.up ? `${percent(busy)} busy, waiting ${percent(waits[0])} for input, ` +
        `${percent(waits[1])} for room, ${percent(waits[2])} for its timer` : null],
      ['steps', `${grouped(actor.steps)}${actor.steps_per_second ? `, ${rate(actor.steps_per_second)}` : ''}`],
      ...actor.metrics.map((metric) => [metric.name, (metric.value ?? NaN).toLocaleString('en')]),
    ]),
    statistics([['step', actor.step_seconds, duration], ['batch', actor.batch_messages, short],
                ['CPU', actor.cpu, percent]]),
    triggers(actor.triggers),
    folds(groupsOf(graph).filter((group) => group.members.includes(name) && !isFolded(group)), 'fold', on),
  ].filter(Boolean);
}

function troubles(actor, marks, on) {
  const lines = [];
  const culprit = marks.culprits.get(actor.name);
  if (marks.lockedActors.has(actor.name)) lines.push(html('p', {className: 'trouble red'}, 'Part of a deadlock.'));
  if (culprit) lines.push(html('p', {className: 'trouble held'}, `It ${culprit.why}, and holds back `,
    ...joined(culprit.holds_back.map((name) => actorLink(name, on))), '.'));
  if (!actor.blocked_by) return lines;
  const further = actor.culprit && actor.culprit !== actor.blocked_by;
  lines.push(html('p', {className: `trouble ${marks.lockedActors.has(actor.name) ? 'red' : 'held'}`}, 'Waits for ',
    actorLink(actor.blocked_by, on), ' on ', channelLink(actor.blocked_channel, on),
    ...(further ? ['; held back by ', actorLink(actor.culprit, on)] : []), '.'));
  return lines;
}

export function channelFacts(name, {graph}, on) {
  const channel = graph.channels.find((each) => each.name === name);
  if (!channel) return gone;
  const room = bytes(channel.capacity_bytes);
  const readers = channel.readers.map((reader) => actorLink(reader.actor, on));
  return [
    html('p', {}, actorLink(channel.from_actor, on), ' → ', ...joined(readers)),
    pairs([
      ['carries', channel.frames ? `frames ${channel.message_type}`.trim() : channel.message_type],
      ['capacity', channel.frames ? room : `${grouped(channel.capacity_messages)} messages (${room})`],
      ['window', channel.window_bytes < channel.capacity_bytes ? `${channel.frames ? bytes(channel.window_bytes) :
        grouped(channel.window_messages) + ' messages'} (${channel.window_from})` : null],
      ...(graph.paths ?? []).filter((path) => path.channels.includes(name)).map(pathFact),
      ['rate', rate(channel.rate_messages_per_second)],
      ['sent', `${grouped(channel.messages_sent)}, ${bytes(channel.bytes_sent)}`],
      ['producer waited',
        `${percent(channel.blocked_ratio ?? 0)} of the last second, ${span(channel.blocked_seconds)} in all`],
      ['closed', channel.closed ? 'yes' : null],
      ['injectable', channel.injectable ? 'yes' : null],
      ['placement', placed(channel)],
    ]),
    ...channel.readers.flatMap((reader) => section(`${reader.actor}.${reader.port}`,
      pairs([['fill', `${percent(reader.fill_ratio)}, ${counted(reader.inflight_messages, 'message')}`],
             ['received', grouped(reader.messages_received)],
             ['a step takes', thresholds(reader)],
             ['oldest waits', reader.waiting_seconds ? duration(reader.waiting_seconds) : null]]),
      statistics([['fill', reader.fill, percent], ['latency', reader.latency_seconds, duration]]))),
    statistics([['rate', channel.rate, short]]),
    triggers(channel.triggers),
  ].filter(Boolean);
}

const pathFact = (path) => [`${path.from} → ${path.to}`,
  `${path.state}${path.p99_seconds == null ? '' : ` ${duration(path.p99_seconds)}`}, target ${duration(path.target_seconds)}`];

function thresholds({min = 1, max = null, max_wait_seconds: wait = null}) {
  const parts = [min > 1 ? `from ${grouped(min)}` : '', max === null ? '' : `up to ${grouped(max)}`,
                 wait === null ? '' : `after ${duration(wait)} fewer`].filter(Boolean);
  return parts.length ? parts.join(', ') : null;
}

export function groupFacts(key, {graph, marks}, on) {
  const group = groupsOf(graph).find((each) => each.key === key);
  if (!group) return gone;
  const members = graph.actors.filter((actor) => group.members.includes(actor.name));
  const summary = summaryOf(members);
  const row = (actor) => html('tr', {}, html('td', {}, actorLink(actor.name, on)),
    html('td', {}, html('span', {className: `pill state-${actor.state}${isDown(actor) ? ' down' : ''}`}, actor.state)),
    html('td', {className: 'number'}, actor.cpu ? percent(actor.cpu.now) : '–'),
    html('td', {}, marks.culprits.has(actor.name) ?
      `holds back ${listed(marks.culprits.get(actor.name).holds_back)}` : remark(actor)));
  return [
    html('p', {}, counted(members.length, group.kind === 'worker' ? 'actor' : 'replica'),
      `, ${summary.running} running`, group.kind === 'worker' ? `, in the worker ${group.title}` : ''),
    folds([group], 'unfold', on),
    html('table', {}, html('tbody', {}, ...members.map(row))),
  ];
}

const placed = ({placement = {}}) => (
  Object.entries(placement).map(([key, value]) => (value === 'true' ? key : `${key} ${value}`)).join(', ') || null);

const byCause = (counts) => (
  sum(counts) ? Object.entries(counts).map(([cause, count]) => `${count} ${cause}`).join(', ') : null);

function statistics(rows) {
  const known = rows.filter(([, statistic]) => statistic);
  if (!known.length) return null;
  const columns = ['now', 'mean', 'p50', 'p90', 'p99', 'p999', 'max'];
  return html('table', {className: 'statistics'},
    html('thead', {}, html('tr', {}, html('td'), ...columns.map((column) => html('th', {scope: 'col'}, column)))),
    html('tbody', {}, ...known.map(([title, statistic, format]) => html('tr', {}, html('th', {scope: 'row'}, title),
      ...columns.map((column) => html('td', {className: 'number'}, format(statistic[column])))))));
}

function triggers(list = []) {
  const line = (trigger) => html('li', {className: trigger.active ? `active colour-${trigger.colour}` : ''},
    `${trigger.when} → ${trigger.colour}${measured(trigger)}`);
  return list.length ? html('ul', {className: 'triggers'}, ...list.map(line)) : null;
}

function folds(groups, word, on) {
  const button = ({key, kind, title}) => html('button', {onclick: () => on.fold(key)}, `${word} ${kind} ${title}`);
  return groups.length ? html('p', {}, ...groups.map(button)) : null;
}
