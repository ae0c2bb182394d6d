// Where the boxes go: a layered drawing, left to right. Pure functions of the graph; nothing here touches the document.
import {columnsOf} from './columns.js';
import {placed} from './lanes.js';
import {packed} from './packing.js';

const FOLLOWED = {edges: 250, rows: 16, columns: 14};  // what a person can follow

/// Places every actor. `edges` are [from, to] pairs of names. Returns {width, height, boxes: Map name -> {x, y}, lanes:
/// for each edge the points [{x, y}] that it passes between its ends, possibly none}.
export function layout(names, edges) {
  const {links, columns} = columnsOf(names, edges);
  const followed = edges.length <= FOLLOWED.edges && columns.length <= FOLLOWED.columns &&
    columns.every((column) => column.length <= FOLLOWED.rows);
  return (followed ? placed : packed)(columns, links, edges);
}
