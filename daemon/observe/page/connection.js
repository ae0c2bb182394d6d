// Following the daemon: server-sent events, and asking every second while there are none.

const PERIOD_MS = 1000;
const PATIENCE_MS = 3.5 * PERIOD_MS;  // no document for so long, and what is shown is the past

/// Calls onGraph(document) for every document that arrives and onLive(true or false) when that begins or ceases.
export function follow(onGraph, onLive) {
  let source = null, live = null, heard = -Infinity;
  const tell = (now) => {
    if (live !== now) onLive(live = now);
  };
  const arrived = (document) => {
    heard = performance.now();
    onGraph(document);
    tell(true);
  };
  const ask = async () => {
    const document = await fetched('graph.json');
    if (document) return arrived(document);
    tell(false);
    // A daemon that comes back may be another one, which serves events.
    if (source?.readyState === EventSource.CLOSED) source = null;
  };
  const listen = () => {
    source = new EventSource('events');
    source.addEventListener('graph', (event) => arrived(JSON.parse(event.data)));
    // It tries again by itself after a break; where nobody serves events it is closed for good.
    source.addEventListener('error', ask);
  };
  setInterval(async () => {
    const silence = performance.now() - heard;
    if (silence < 1.5 * PERIOD_MS && source?.readyState === EventSource.OPEN) return;
    if (silence >= PATIENCE_MS) tell(false);
    await ask();
    if (source === null && live) listen();
  }, PERIOD_MS);
  listen();
}

/// The document at a path below the page, or null when there is none to be had.
export async function fetched(path) {
  try {
    const answer = await fetch(path, {cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS)});
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}
