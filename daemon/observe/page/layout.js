// Where the boxes go: a layered drawing, left to right. Pure functions of the graph; nothing here touches the document.

export const BOX = {width: 232, height: 92};
const GAP = {column: 130, row: 28};
const SWEEPS = 8;

/// Places every actor. `edges` are [from, to] pairs of names. Returns {width, height, boxes: Map name -> {x, y}}.
export function layout(names, edges) {
  const forward = withoutCycles(names, edges);
  const layers = intoLayers(names, forward);
  untangle(layers, forward);
  return place(layers);
}

/// The edges with those turned around that would close a cycle, so that layers exist.
function withoutCycles(names, edges) {
  const outgoing = new Map(names.map((name) => [name, []]));
  for (const edge of edges) outgoing.get(edge[0])?.push(edge);
  const state = new Map();  // "open" while below it, "done" afterwards
  const result = [];
  for (const root of names) {
    if (state.has(root)) continue;
    const stack = [{name: root, next: 0}];  // not recursive: a chain may be longer than the call stack
    state.set(root, 'open');
    while (stack.length) {
      const top = stack[stack.length - 1];
      const edge = outgoing.get(top.name)[top.next++];
      if (!edge) {
        state.set(top.name, 'done');
        stack.pop();
        continue;
      }
      const to = edge[1];
      if (to === top.name || !outgoing.has(to)) continue;
      result.push(state.get(to) === 'open' ? [to, top.name] : [top.name, to]);
      if (!state.has(to)) {
        state.set(to, 'open');
        stack.push({name: to, next: 0});
      }
    }
  }
  return result;
}

/// Each actor goes one column right of the rightmost actor that feeds it.
function intoLayers(names, edges) {
  const waiting = new Map(names.map((name) => [name, 0]));
  const after = new Map(names.map((name) => [name, []]));
  for (const [from, to] of edges) {
    waiting.set(to, waiting.get(to) + 1);
    after.get(from).push(to);
  }
  const depth = new Map(names.map((name) => [name, 0]));
  const ready = names.filter((name) => waiting.get(name) === 0);
  for (let index = 0; index < ready.length; ++index) {
    for (const to of after.get(ready[index])) {
      depth.set(to, Math.max(depth.get(to), depth.get(ready[index]) + 1));
      waiting.set(to, waiting.get(to) - 1);
      if (waiting.get(to) === 0) ready.push(to);
    }
  }
  const layers = [];
  for (const name of names) (layers[depth.get(name)] ??= []).push(name);
  return layers;
}

/// Sorts each column by where its neighbours are, back and forth, which removes most crossings.
function untangle(layers, edges) {
  const before = new Map(), after = new Map();
  const add = (map, key, value) => map.set(key, [...(map.get(key) ?? []), value]);
  for (const [from, to] of edges) {
    add(after, from, to);
    add(before, to, from);
  }
  const row = new Map();
  const number = (layer) => layer.forEach((name, index) => row.set(name, index - layer.length / 2));
  layers.forEach(number);
  for (let sweep = 0; sweep < SWEEPS; ++sweep) {
    const leftwards = sweep % 2 === 1;
    const neighbours = leftwards ? after : before;
    for (const layer of leftwards ? [...layers].reverse() : layers) {
      const middle = new Map(layer.map((name) => [name, mean((neighbours.get(name) ?? [name]).map((n) => row.get(n)))]));
      layer.sort((a, b) => middle.get(a) - middle.get(b));
      number(layer);
    }
  }
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function place(layers) {
  const rows = Math.max(1, ...layers.map((layer) => layer.length));
  const height = rows * (BOX.height + GAP.row) - GAP.row;
  const boxes = new Map();
  layers.forEach((layer, column) => {
    const own = layer.length * (BOX.height + GAP.row) - GAP.row;
    layer.forEach((name, index) => boxes.set(name, {
      x: column * (BOX.width + GAP.column),
      y: (height - own) / 2 + index * (BOX.height + GAP.row),
    }));
  });
  return {width: Math.max(1, layers.length) * (BOX.width + GAP.column) - GAP.column, height, boxes};
}
