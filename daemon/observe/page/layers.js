// What stands in the columns of the drawing, and in which order. Pure.
import {BOX} from './measures.js';

const SWEEPS = 10;

/// A box in a column; `before` and `after` are its neighbours left and right, `near` what else it wants to be near.
export const box = (name) => ({name, height: BOX.height, before: [], after: [], near: []});

export function join(left, right) {
  left.after.push(right);
  right.before.push(left);
}

/// Sorts each column by where its neighbours are, back and forth, which removes most crossings.
export function sortLayers(layers) {
  const number = (layer) => layer.forEach((node, index) => { node.row = index - layer.length / 2; });
  layers.forEach(number);
  for (let sweep = 0; sweep < SWEEPS; ++sweep) {
    const leftwards = sweep % 2 === 1;
    for (const layer of leftwards ? [...layers].reverse() : layers) {
      for (const node of layer) {
        const neighbours = [...(leftwards ? node.after : node.before), ...node.near];
        node.middle = neighbours.length ? mean(neighbours.map((neighbour) => neighbour.row)) : node.row;
      }
      layer.sort((a, b) => a.middle - b.middle);
      number(layer);
    }
  }
}

export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
