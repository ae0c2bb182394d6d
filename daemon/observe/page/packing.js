// The layout of a graph to be looked over rather than followed: tall columns are dealt out to several, and what is too
// wide goes on below, as lines of text do. Pure.
import {box, join, sortLayers} from './layers.js';
import {BOX, GAP} from './measures.js';

const ASPECT = 2.8;  // of the part of a screen that it has

/// As layout(), of the columns and links that columnsOf() gives.
export function packed(columns, links, edges) {
  const layers = columns.map((column) => column.map(box));
  const nodes = new Map(layers.flat().map((node) => [node.name, node]));
  for (const link of links) if (link && link.left !== link.right) join(nodes.get(link.left), nodes.get(link.right));
  sortLayers(layers);
  const {rows, limit} = bestShape(layers.map((layer) => layer.length));
  const {places, width, height} = arranged(layers.map((layer) => layer.length), rows, limit);
  const boxes = new Map();
  layers.forEach((layer, column) => layer.forEach((node, index) => {
    const {x, y, parts, band} = places[column];
    // Dealt out in turn, so that neighbours stay at one height; a short column stands in the middle.
    const row = (band.rows - Math.ceil(layer.length / parts)) / 2 + Math.floor(index / parts);
    boxes.set(node.name, {x: x + (index % parts) * (BOX.width + GAP.packed), y: y + row * (BOX.height + GAP.row)});
  }));
  return {width, height, boxes, lanes: edges.map(() => [])};
}

/// The most boxes in a column and the width at which to go on below that let the whole be shown largest.
function bestShape(lengths) {
  const longest = Math.max(1, ...lengths);
  const total = lengths.length * (BOX.width + GAP.column) + longest * (BOX.width + GAP.packed);
  let best = null;
  for (let rows = 1; rows < 2 * longest; rows = Math.ceil(rows * 1.25 + 0.5)) {
    for (let limit = total; limit > BOX.width; limit /= 1.25) {
      const {width, height} = arranged(lengths, Math.min(rows, longest), limit);
      const extent = Math.max(width, height * ASPECT);
      if (!best || extent < best.extent) best = {extent, rows: Math.min(rows, longest), limit};
    }
  }
  return best ?? {rows: 1, limit: total};
}

/// Where each column goes: {places: [{x, y, parts, band}], width, height}.
function arranged(lengths, rows, limit) {
  let band = {rows: 0}, x = 0, y = 0, width = 0;
  const places = lengths.map((length) => {
    const parts = Math.ceil(length / rows);
    const own = parts * (BOX.width + GAP.packed) - GAP.packed;
    if (x > 0 && x + own > limit) {
      y += band.rows * (BOX.height + GAP.row) - GAP.row + GAP.band;
      x = 0;
      band = {rows: 0};
    }
    const place = {x, y, parts, band};
    band.rows = Math.max(band.rows, Math.ceil(length / parts));
    x += own + GAP.column;
    width = Math.max(width, x - GAP.column);
    return place;
  });
  return {places, width, height: y + band.rows * (BOX.height + GAP.row) - GAP.row};
}
