// The course of each line between the boxes. Pure.
import {BOX} from './measures.js';

export const ARROW = 12;

/// Where on the sides of its two boxes each edge begins and ends: spread evenly, in the order of what comes next.
/// `edges` are {key, from, to}; returns a Map key -> {from, to} of points.
export function endsOf(edges, boxes, lanes) {
  const result = new Map(edges.map((edge) => [edge.key, {}]));
  for (const side of ['from', 'to']) {
    const groups = new Map();
    edges.forEach((edge, index) => {
      const far = side === 'from' ? lanes[index][0] : lanes[index].at(-1);
      const height = far?.y ?? boxes.get(edge[side === 'from' ? 'to' : 'from']).y + BOX.height / 2;
      if (!groups.has(edge[side])) groups.set(edge[side], []);
      groups.get(edge[side]).push({edge, height});
    });
    for (const [name, group] of groups) {
      const {x, y} = boxes.get(name);
      group.sort((a, b) => a.height - b.height);
      group.forEach(({edge}, index) => {
        result.get(edge.key)[side] = {
          x: side === 'from' ? x + BOX.width : x, y: y + BOX.height * (index + 1) / (group.length + 1)};
      });
    }
  }
  return result;
}

/// The path of a line over its points, and where its label stands: {d, label: {x, y}}. It leaves to the right and
/// arrives from the left; between it runs along its lane, in either direction.
export function courseOf({from, to}, points) {
  const end = {x: to.x - ARROW, y: to.y};
  const all = [from, ...points, end];
  let d = `M${place(from)}`;
  for (let index = 1; index < all.length; ++index) {
    const a = all[index - 1], b = all[index];
    d += index % 2 ? bend(a, b, heading(all, index - 1), heading(all, index)) : `L${place(b)}`;
  }
  // In the middle of the gap after its first box; what runs back has its label on its way.
  const back = points.length > 0 && points[0].x > points.at(-1).x;
  const [a, b] = back ? points.slice(points.length / 2 - 1) : [from, all[1]];
  return {d, label: {x: round((a.x + b.x) / 2), y: round((a.y + b.y) / 2)}};
}

const round = (value) => Math.round(value * 10) / 10;
const place = ({x, y}) => `${round(x)} ${round(y)}`;

/// 1 where the line goes right through a point, -1 where it goes left: the ends go right, a lane goes its own way.
function heading(all, index) {
  if (index === 0 || index === all.length - 1) return 1;
  return all[index % 2 ? index + 1 : index].x >= all[index % 2 ? index : index - 1].x ? 1 : -1;
}

function bend(a, b, leaves, arrives) {
  const turns = leaves !== arrives || Math.sign(b.x - a.x || 1) !== leaves;
  const reach = turns ? 60 : Math.abs(b.x - a.x) / 2;
  return `C${round(a.x + leaves * reach)} ${round(a.y)} ${round(b.x - arrives * reach)} ${round(b.y)} ${place(b)}`;
}
