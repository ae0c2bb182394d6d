// The layout of a graph that a person can follow: lanes for lines that pass over columns or run back. Pure.
import {box, join, mean, sortLayers} from './layers.js';
import {BOX, GAP} from './measures.js';

const SWEEPS = 10;

const lane = () => ({name: null, height: GAP.lane, before: [], after: [], near: []});

/// As layout(), of the columns and links that columnsOf() gives.
export function placed(columns, links, edges) {
  const layers = columns.map((column) => column.map(box));
  const nodes = new Map(layers.flatMap((layer, column) => layer.map((node) => [node.name, {node, column}])));
  const chains = links.map((link) => link && chainOf(link, nodes, layers));
  sortLayers(layers);
  stack(layers);
  for (let sweep = 0; sweep < SWEEPS; ++sweep) straighten(layers, sweep);
  const all = layers.flat();
  const top = Math.min(...all.map((node) => node.y - node.height / 2));
  const bottom = Math.max(...all.map((node) => node.y + node.height / 2));
  const pitch = BOX.width + GAP.column;
  const boxes = new Map();
  layers.forEach((layer, column) => layer.forEach((node) => {
    node.x = column * pitch;
    node.y -= top;
    if (node.name !== null) boxes.set(node.name, {x: node.x, y: node.y - BOX.height / 2});
  }));
  const lanes = edges.map((edge, index) => pointsOf(chains[index] ?? [], links[index]?.back));
  const turn = links.some((link) => link?.back) ? GAP.turn : 0;  // what runs back turns outside of the columns
  for (const point of [...boxes.values(), ...lanes.flat()]) point.x += turn;
  return {width: Math.max(1, layers.length) * pitch - GAP.column + 2 * turn,
          height: all.length ? bottom - top : BOX.height, boxes, lanes};
}

/// The lanes of one edge from left to right. An edge that runs back also needs one in the columns of its own ends.
function chainOf({left, right, back}, nodes, layers) {
  const from = nodes.get(left), to = nodes.get(right);
  const chain = [];
  for (let column = from.column + (back ? 0 : 1); column <= to.column - (back ? 0 : 1); ++column) {
    chain.push(lane());
    layers[column].push(chain.at(-1));
  }
  const line = back ? chain : [from.node, ...chain, to.node];
  for (let index = 1; index < line.length; ++index) join(line[index - 1], line[index]);
  if (back) {
    chain[0].near.push(from.node);
    chain.at(-1).near.push(to.node);
  }
  return chain;
}

function pointsOf(chain, back) {
  const points = chain.flatMap((node) => [{x: node.x, y: node.y}, {x: node.x + BOX.width, y: node.y}]);
  return back ? points.reverse() : points;
}

const distance = (upper, lower) => (upper.height + lower.height) / 2 + (upper.name && lower.name ? GAP.row : GAP.lane);

/// How far below the first of its column each one is when they stand as close as they may.
function offsetsOf(layer) {
  const offsets = [0];
  for (let index = 1; index < layer.length; ++index)
    offsets.push(offsets[index - 1] + distance(layer[index - 1], layer[index]));
  return offsets;
}

function stack(layers) {
  for (const layer of layers) {
    const offsets = offsetsOf(layer);
    layer.forEach((node, index) => { node.y = offsets[index] - offsets.at(-1) / 2; });
  }
}

/// Moves each column as near to its neighbours as its order and the gaps allow.
function straighten(layers, sweep) {
  const leftwards = sweep % 2 === 1, last = sweep >= SWEEPS - 2;
  for (const layer of leftwards ? [...layers].reverse() : layers) {
    const wished = layer.map((node) => {
      const before = !leftwards || last ? node.before : [], after = leftwards || last ? node.after : [];
      const neighbours = [...before, ...after, ...node.near];
      return neighbours.length ? mean(neighbours.map((neighbour) => neighbour.y)) : node.y;
    });
    nearest(layer, wished);
  }
}

/// The least squares answer to "each where it wishes, but in order and apart": neighbours that push each other form
/// blocks, and a block stands at the mean of its wishes.
function nearest(layer, wished) {
  const offsets = offsetsOf(layer);
  const blocks = [];
  wished.forEach((wish, index) => {
    blocks.push({total: wish - offsets[index], count: 1});
    while (blocks.length > 1 && blocks.at(-2).total / blocks.at(-2).count > blocks.at(-1).total / blocks.at(-1).count) {
      const {total, count} = blocks.pop();
      blocks.at(-1).total += total;
      blocks.at(-1).count += count;
    }
  });
  let index = 0;
  for (const {total, count} of blocks)
    for (const end = index + count; index < end; ++index) layer[index].y = total / count + offsets[index];
}
