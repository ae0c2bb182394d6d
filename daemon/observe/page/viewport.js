// The window through which the graph is seen: wheel and keys zoom, dragging moves. Knows nothing of what it shows.
import {attribute} from './dom.js';

const SCALE = {least: 0.04, most: 2.5, fit: 1.2};
/// Below this the small print gives way to large names.
const FAR = 0.55;
const DRAG_PIXELS = 4;  // less is a click
const SETTLE_MS = 150;

export class Viewport {
  #scale = 1;
  #x = 0;
  #y = 0;
  #size = {width: 1, height: 1};
  #moved = false;  // by the user: from then on it stays
  #drawn = null;   // the place that the drawing was last laid out for
  #settling = null;

  /// `frame` is the SVG element, `world` the group inside it that moves.
  constructor(frame, world) {
    this.frame = frame;
    this.world = world;
    frame.addEventListener('wheel', (event) => this.#wheel(event), {passive: false});
    frame.addEventListener('pointerdown', (event) => this.#drag(event));
    new ResizeObserver(() => this.#moved || this.fit()).observe(frame);
  }

  /// Another drawing of this size; fits it, unless the user has chosen a place. One that is `heavy` is drawn anew only
  /// once a movement is over, and until then moved and scaled as a picture.
  show(size, heavy) {
    this.#size = size;
    this.heavy = heavy;
    if (!this.#moved) this.fit();
  }

  fit() {
    const {width, height} = this.#frameSize();
    this.#moved = false;
    this.#scale = Math.min(SCALE.fit, width / this.#size.width, height / this.#size.height) || 1;
    this.#x = (width - this.#size.width * this.#scale) / 2;
    this.#y = (height - this.#size.height * this.#scale) / 2;
    this.#apply();
  }

  /// Zooms around a point of the frame, by default its middle.
  zoom(factor, point = this.#middle()) {
    const scale = Math.min(SCALE.most, Math.max(SCALE.least, this.#scale * factor));
    this.#x = point.x - (point.x - this.#x) * scale / this.#scale;
    this.#y = point.y - (point.y - this.#y) * scale / this.#scale;
    this.#scale = scale;
    this.#moved = true;
    this.#apply();
  }

  /// Brings a point of the drawing into sight, if it is not, and with `near` large enough to be read.
  reveal({x, y}, near = false) {
    const {width, height} = this.#frameSize();
    if (near && this.#scale < FAR) this.zoom(0.9 / this.#scale);
    const at = {x: this.#x + x * this.#scale, y: this.#y + y * this.#scale};
    const margin = 120 * Math.min(1, this.#scale);
    if (at.x > margin && at.x < width - margin && at.y > margin / 2 && at.y < height - margin / 2) return;
    this.#x += width / 2 - at.x;
    this.#y += height / 2 - at.y;
    this.#moved = true;
    this.#apply();
  }

  #frameSize() {
    return {width: this.frame.clientWidth, height: this.frame.clientHeight};
  }

  #middle() {
    const {width, height} = this.#frameSize();
    return {x: width / 2, y: height / 2};
  }

  #apply() {
    clearTimeout(this.#settling);
    if (!this.heavy || !this.#drawn) return this.#draw();
    const factor = this.#scale / this.#drawn.scale;
    const x = this.#x - this.#drawn.x * factor, y = this.#y - this.#drawn.y * factor;
    this.frame.style.transform = `translate(${x}px, ${y}px) scale(${factor})`;
    this.#settling = setTimeout(() => this.#draw(), SETTLE_MS);
  }

  #draw() {
    this.#drawn = {scale: this.#scale, x: this.#x, y: this.#y};
    this.frame.style.transform = '';
    const place = `translate(${this.#x.toFixed(1)} ${this.#y.toFixed(1)}) scale(${this.#scale.toFixed(4)})`;
    attribute(this.world, 'transform', place);
    this.frame.classList.toggle('far', this.#scale < FAR);
  }

  #wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
    const {left, top} = this.frame.parentElement.getBoundingClientRect();
    this.zoom(Math.exp(-event.deltaY * lines * 0.0015), {x: event.clientX - left, y: event.clientY - top});
  }

  #drag(down) {
    if (down.button !== 0) return;
    let last = down, dragging = false;
    const move = (event) => {
      if (!dragging && Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) < DRAG_PIXELS) return;
      if (!dragging) this.frame.setPointerCapture(down.pointerId);
      dragging = this.#moved = true;
      this.frame.classList.add('dragging');
      this.#x += event.clientX - last.clientX;
      this.#y += event.clientY - last.clientY;
      last = event;
      this.#apply();
    };
    const over = new AbortController();
    const up = () => {
      over.abort();
      this.frame.classList.remove('dragging');
      if (dragging) swallowClick(this.frame);
    };
    this.frame.addEventListener('pointermove', move, {signal: over.signal});
    for (const end of ['pointerup', 'pointercancel']) this.frame.addEventListener(end, up, {signal: over.signal});
  }
}

/// The click that ends a drag opens nothing. It comes at once or not at all.
function swallowClick(frame) {
  const over = new AbortController();
  frame.addEventListener('click', (event) => event.stopPropagation(), {capture: true, signal: over.signal});
  setTimeout(() => over.abort(), 0);
}
