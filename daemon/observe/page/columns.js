// Which column each actor stands in: one right of the rightmost actor that feeds it. Pure.

/// `edges` are [from, to] pairs of names. Returns {links, columns}: for each edge {left, right, back} with `back` for
/// one that runs from right to left or into itself (null if it names nobody), and the names in each column.
export function columnsOf(names, edges) {
  const links = withoutCycles(names, edges);
  return {links, columns: intoColumns(names, links.filter((link) => link && link.left !== link.right))};
}

/// Turns those edges around that would close a cycle, so that columns exist.
function withoutCycles(names, edges) {
  const outgoing = new Map(names.map((name) => [name, []]));
  edges.forEach(([from, to], index) => {
    if (outgoing.has(to)) outgoing.get(from)?.push({to, index});
  });
  const state = new Map();  // "open" while below it, "done" afterwards
  const links = edges.map(() => null);
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
      const back = state.get(edge.to) === 'open';
      links[edge.index] = back ? {left: edge.to, right: top.name, back} : {left: top.name, right: edge.to, back};
      if (state.has(edge.to)) continue;
      state.set(edge.to, 'open');
      stack.push({name: edge.to, next: 0});
    }
  }
  return links;
}

function intoColumns(names, links) {
  const waiting = new Map(names.map((name) => [name, 0]));
  const after = new Map(names.map((name) => [name, []]));
  for (const {left, right} of links) {
    waiting.set(right, waiting.get(right) + 1);
    after.get(left).push(right);
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
  const columns = [];
  for (const name of names) (columns[depth.get(name)] ??= []).push(name);
  return columns;
}
