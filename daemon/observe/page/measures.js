// The measures of the drawing, in pixels at scale 1.

export const BOX = {width: 232, height: 96};
export const GAP = {column: 140, row: 28, lane: 14, packed: 44, band: 70, turn: 50};
