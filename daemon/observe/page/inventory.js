// What the tables show of actors, channels and supervisors.
import {bytes, duration, grouped, percent, rate, sum} from './numbers.js';
import {remark} from './verdict.js';

const restarts = (actor) => Object.entries(actor.restarts).map(([reason, count]) => `${count} ${reason}`).join(', ');
const number = (title, value, text, hint) => (
  {title, kind: 'number', hint, value: (item) => value(item) ?? -1, text: (item) => text(value(item), item)});
const orDash = (format) => (value) => value ? format(value) : '–';  // nothing was measured
const known = (format) => (value) => value === undefined || value === null ? '–' : format(value);

export const ACTORS = [
  {title: 'name', text: (a) => a.name},
  {title: 'state', kind: 'state', text: (a) => a.state},
  {title: 'plugin', text: (a) => `${a.plugin}/${a.type}`},
  number('gen', (a) => a.generation, String, 'how many times it has been started again'),
  {title: 'restarts', text: restarts, value: (a) => sum(a.restarts)},
  number('pid', (a) => a.pid, orDash(String)),
  number('steps/s', (a) => a.steps_per_second, known(rate)),
  number('step p99', (a) => a.step_seconds?.p99, known(duration), 'how long 99 of 100 steps take at most'),
  number('CPU', (a) => a.cpu?.now, known(percent), 'of one core'),
  number('held back', (a) => a.room_ratio, known(percent), 'part of the last second that it waited for room'),
  number('memory', (a) => a.memory_bytes, orDash(bytes), 'of its worker'),
  {title: 'metrics', kind: 'long', text: (a) => a.metrics.map(({name, value}) => (
    `${name} ${(value ?? NaN).toLocaleString('en')}`)).join('\u00a0· ')},
  {title: 'note', kind: 'long', text: remark},
];

export const CHANNELS = [
  {title: 'channel', text: ({channel}) => channel.name},
  {title: 'reader', text: ({reader}) => `${reader.actor}.${reader.port}`},
  {title: 'carries', text: ({channel}) => channel.frames ? 'frames' : channel.message_type},
  number('fill', ({reader}) => reader.fill_ratio, percent),
  number('rate', ({channel}) => channel.rate_messages_per_second, rate),
  number('latency p50', ({reader}) => reader.latency_seconds?.p50, known(duration), 'from put to taken'),
  number('p99', ({reader}) => reader.latency_seconds?.p99, known(duration)),
  number('in flight', ({reader}) => reader.inflight_messages, grouped),
  {...number('capacity', ({channel: c}) => c.frames ? c.capacity_bytes : c.capacity_messages,
    (value, {channel}) => channel.frames ? bytes(value) : grouped(value))},
  number('sent', ({channel}) => channel.messages_sent, grouped),
  number('received', ({reader}) => reader.messages_received, grouped),
  number('blocked', ({channel}) => channel.blocked_ratio ?? 0, percent,
    'part of the last second that its producer waited for room'),
];

export const SUPERVISORS = [
  {title: 'name', text: (s) => s.name},
  {title: 'parent', text: (s) => s.parent},
  {title: 'strategy', text: (s) => s.strategy},
  {title: 'budget', value: (s) => s.used, text: (s) => `${s.used} of ${s.intensity} used in ${s.period_seconds} s` +
    (s.resets_in_seconds === null ? '' : `, resets in ${Math.ceil(s.resets_in_seconds)} s`)},
  {title: 'failed', text: (s) => s.failed ? s.why || 'yes' : ''},
];
