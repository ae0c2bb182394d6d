// The drawing of the graph: its elements are kept by key; only their text and classes change until the topology does.
import {drawBox, updateBox} from './boxes.js';
import {attribute, svg} from './dom.js';
import {drawEdge, updateEdge} from './edges.js';
import {layout} from './layout.js';
import {BOX} from './measures.js';
import {endsOf} from './paths.js';

/// Above so many lines nothing moves and labels are left to tooltips and the table.
const LIVELY = 150;
const MARGIN = 24;

export class Graph {
  boxes = new Map();
  edges = new Map();
  size = {width: 1, height: 1};
  heavy = false;  // to draw
  #topology = null;
  #selected = null;
  #matches = null;

  /// Draws into the SVG element `world`.
  constructor(world) {
    this.world = world;
  }

  /// Shows a view of viewOf(). Returns whether other boxes or lines are there than before.
  show(view, marks) {
    const topology = JSON.stringify([view.nodes.map((node) => [node.key, node.members.length, node.foldable.length]),
                                     view.edges.map((edge) => [edge.key, edge.from, edge.to])]);
    const anew = topology !== this.#topology;
    if (anew) this.#draw(view);
    this.#topology = topology;
    for (const node of view.nodes) updateBox(this.boxes.get(node.key), node, marks);
    for (const edge of view.edges) updateEdge(this.edges.get(edge.key), edge, marks);
    this.#classes();
    return anew;
  }

  #draw(view) {
    const focused = document.activeElement?.closest?.('[data-node], [data-edge]')?.dataset;
    this.world.replaceChildren();
    this.boxes.clear();
    this.edges.clear();
    const keys = view.nodes.map((node) => node.key);
    const {width, height, boxes, lanes} = layout(keys, view.edges.map(({from, to}) => [from, to]));
    this.size = {width: width + 2 * MARGIN, height: height + 2 * MARGIN};
    const all = svg(this.world, 'g', {transform: `translate(${MARGIN} ${MARGIN})`});
    const lively = view.edges.length <= LIVELY;
    this.heavy = !lively || view.nodes.length > LIVELY;
    attribute(this.world, 'class', lively ? 'lively' : 'still');
    const lines = svg(all, 'g'), cards = svg(all, 'g'), labels = svg(all, 'g');
    const ends = endsOf(view.edges, boxes, lanes);
    view.edges.forEach((edge, index) =>
      this.edges.set(edge.key, drawEdge(lines, labels, edge, ends.get(edge.key), lanes[index], lively)));
    for (const node of view.nodes) this.boxes.set(node.key, drawBox(cards, node, boxes.get(node.key)));
    if (focused) this.focus(focused.node ?? focused.edge);
  }

  /// Marks a box or line, by its key, as the one whose details are shown, and the lines that touch it; null for none.
  select(key) {
    this.#selected = key;
    this.#classes();
  }

  /// Dims every box but those with these keys; null dims none.
  highlight(keys) {
    this.#matches = keys;
    this.#classes();
  }

  #classes() {
    const dim = (key) => this.#matches && !this.#matches.has(key) ? ' dim' : '';
    for (const {group, key, classes} of this.boxes.values())
      attribute(group, 'class', `${classes}${this.#mark(key)}${dim(key)}`);
    for (const {group, key, from, to, classes, label} of this.edges.values()) {
      const touching = from === this.#selected || to === this.#selected ? ' touching' : '';
      const all = `${classes}${this.#mark(key)}${touching}${this.#matches ? ' dim' : ''}`;
      attribute(group, 'class', all);
      if (label) attribute(label.group, 'class', `label ${all}`);
    }
  }

  #mark(key) {
    return key === this.#selected ? ' selected' : '';
  }

  /// Where the middle of a box or of a line's label is; null when it is not drawn.
  centreOf(key) {
    const box = this.boxes.get(key);
    if (box) return {x: box.x + BOX.width / 2 + MARGIN, y: box.y + BOX.height / 2 + MARGIN};
    const line = this.edges.get(key)?.line;
    if (!line) return null;
    const {x, y} = line.getPointAtLength(line.getTotalLength() / 2);
    return {x: x + MARGIN, y: y + MARGIN};
  }

  focus(key) {
    (this.boxes.get(key)?.group ?? this.edges.get(key)?.label?.group)?.focus({preventScroll: true});
  }

  /// The nearest box in a direction ({x, y} of -1, 0, 1) from the one with this key; null when there is none.
  neighbour(key, direction) {
    const from = this.centreOf(key);
    let best = null, least = Infinity;
    for (const other of this.boxes.keys()) {
      const to = this.centreOf(other);
      const along = (to.x - from.x) * direction.x + (to.y - from.y) * direction.y;
      const aside = Math.abs((to.x - from.x) * direction.y) + Math.abs((to.y - from.y) * direction.x);
      if (other === key || along < 1 || along + 2 * aside >= least) continue;
      best = other;
      least = along + 2 * aside;
    }
    return best;
  }
}
