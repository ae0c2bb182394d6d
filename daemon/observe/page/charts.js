// Small charts of what was: a line per series over time, the last value at the right. Missing values are gaps.
import {html, svg} from './dom.js';
import {span} from './numbers.js';

const WIDTH = 300, HEIGHT = 56;

/// A chart: `lines` are [{label, values}] of one length, oldest first, null where nothing is known; `format` writes a
/// value; `most` is the least top of the scale, 1 for ratios.
export function chart(title, lines, stepSeconds, format, most = 0) {
  const length = lines[0].values.length;
  const values = lines.flatMap((line) => line.values).filter((value) => value !== null);
  const top = Math.max(most, ...values) || 1;
  const known = (line) => line.values.at(-1) ?? null;
  const now = lines.map((line) => known(line) === null ? '–' : format(known(line))).join(' / ');
  const labels = lines.length > 1 ? ` ${lines.map((line) => line.label).join(' / ')}` : '';
  const figure = html('figure', {className: 'chart'},
    html('figcaption', {}, html('span', {}, `${title}${labels}`), html('span', {className: 'now'}, now)));
  const highest = values.length ? `at most ${format(Math.max(...values))}` : 'nothing known';
  const picture = svg(figure, 'svg', {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img',
    'aria-label': `${title}${labels}, last ${span((length - 1) * stepSeconds)}: now ${now}, ${highest}`});
  const at = {x: (index) => length > 1 ? index * WIDTH / (length - 1) : 0,
              y: (value) => HEIGHT - 2 - value / top * (HEIGHT - 6)};
  svg(picture, 'path', {class: 'grid', d: `M0 ${HEIGHT - 2}H${WIDTH}`});
  lines.forEach((line, index) => {
    if (index === 0) svg(picture, 'path', {class: 'area', d: areas(line.values, at)});
    svg(picture, 'path', {class: `curve curve-${index}`, d: curve(line.values, at)});
  });
  svg(picture, 'path', {class: 'cursor', d: ''});
  const valueAt = (line, index) => line.values[index] === null ? '–' : format(line.values[index]);
  follow(picture, length, (shown, index) => {
    shown.parentElement.querySelector('.now').textContent = index === null ? now :
      `${span((length - 1 - index) * stepSeconds)} ago: ${lines.map((line) => valueAt(line, index)).join(' / ')}`;
    shown.querySelector('.cursor').setAttribute('d', index === null ? '' : `M${at.x(index).toFixed(1)} 0V${HEIGHT}`);
  });
  figure.append(html('div', {className: 'scale'}, html('span', {}, `${span((length - 1) * stepSeconds)} ago`),
    html('span', {}, highest), html('span', {}, 'now')));
  return figure;
}

/// Stretches of values without a gap, as [[index, value]].
export function stretches(values) {
  const result = [];
  values.forEach((value, index) => {
    if (value === null) return;
    if (index === 0 || values[index - 1] === null) result.push([]);
    result.at(-1).push([index, value]);
  });
  return result;
}

const points = (stretch, at) => stretch.map(([index, value]) => `${at.x(index).toFixed(1)} ${at.y(value).toFixed(1)}`);

const curve = (values, at) => stretches(values).map((stretch) => {
  const all = points(stretch, at);
  return `M${all.join('L')}${all.length === 1 ? 'h1' : ''}`;  // a lone value is a dot
}).join('');

const areas = (values, at) => stretches(values).map((stretch) => {
  const [left, right] = [stretch[0], stretch.at(-1)].map(([index]) => `${at.x(index).toFixed(1)} ${HEIGHT - 2}`);
  return `M${left}L${points(stretch, at).join('L')}L${right}Z`;
}).join('');

/// Calls `show` with the picture and the index under the pointer, or null when it has left. The picture is asked for
/// with each event: this one's handlers may be given to the chart that is on the screen already.
function follow(picture, length, show) {
  picture.onpointermove = (event) => {
    const {left, width} = event.currentTarget.getBoundingClientRect();
    const index = Math.round((event.clientX - left) / width * (length - 1));
    show(event.currentTarget, Math.max(0, Math.min(length - 1, index)));
  };
  picture.onpointerleave = (event) => show(event.currentTarget, null);
}
