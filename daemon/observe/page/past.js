// What the panel says of the past: elements made from the document of /details.json. Nothing is kept here.
import {chart} from './charts.js';
import {html, pairs, section} from './dom.js';
import {bytes, duration, percent, rate, span} from './numbers.js';

function rangeButtons(past, range, choose) {
  const button = (each) => {
    const {step_seconds: step, ...series} = past.history[each];
    const label = `${span(step * Object.values(series)[0].length)}, by ${span(step)}`;
    return html('button', {'aria-pressed': each === range, onclick: () => choose(each)}, label);
  };
  return html('p', {className: 'ranges', role: 'group', 'aria-label': 'time shown'}, button('fine'), button('coarse'));
}

export function actorPast(past, range, choose) {
  const {step_seconds: step, ...series} = past.history[range];
  const one = (title, key, format, most) => chart(title, [{label: title, values: series[key]}], step, format, most);
  return [
    rangeButtons(past, range, choose),
    one('CPU', 'cpu', percent, 1), one('memory', 'memory', bytes), one('steps', 'steps', rate),
    one('step p99', 'step_p99', duration), one('held back', 'blocked', percent, 1),
    html('details', {open: true}, html('summary', {}, 'settings'), settings(past)),
    ...incidents(past.incidents), ...letters(past.dead_letters), ...log(past.log),
  ];
}

export function channelPast(past, range, choose) {
  const {step_seconds: step, ...series} = past.history[range];
  return [
    rangeButtons(past, range, choose),
    chart('rate', [{label: 'rate', values: series.rate}], step, rate),
    chart('fill', [{label: 'fill', values: series.fill}], step, percent, 1),
    chart('latency', [{label: 'p99', values: series.latency_p99}, {label: 'p50', values: series.latency_p50}], step,
      duration),
    ...letters(past.dead_letters),
  ];
}

function settings(past) {
  const inputs = Object.entries(past.inputs ?? {}).map(([port, input]) => [
    `input ${port}`, Object.entries(input).map(([key, value]) => `${key} ${value}`).join(', ')]);
  const rest = ['restart', 'wait', 'shutdown', 'watchdog'].map((key) => [key, past[key] ?? null]);
  return pairs([...Object.entries(past.params ?? {}), ...inputs, ...rest].map(([key, value]) => (
    [key, value === null ? null : String(value)])));
}

function incidents(list = []) {
  if (!list.length) return [];
  return section('incidents', ...list.map((incident) => html('details', {'data-key': `incident ${incident.id}`},
    html('summary', {}, `#${incident.id} ${incident.cause}, ${incident.at}`), html('pre', {}, incident.text))));
}

function letters(list = []) {
  if (!list.length) return [];
  return section('dead letters', ...list.map((letter) => html('details', {'data-key': `letter ${letter.id}`},
    html('summary', {}, `#${letter.id} ${letter.channel} at message ${letter.sequence}, ${letter.state}, ${letter.at}`),
    html('pre', {}, letter.text))));
}

function log(list = []) {
  if (!list.length) return [];
  const item = ({at, level, text}) => (
    html('li', {className: `level-${level}`}, html('time', {}, at), ` ${level} ${text}`));
  return section('log', html('ol', {className: 'log'}, ...list.map(item)));
}
