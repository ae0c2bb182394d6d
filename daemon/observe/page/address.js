// What is open stands in the page's address, so that it can be reloaded and sent to somebody.

/// Writes {kind, name} into the address, or takes it out for null.
export function remember(what) {
  const rest = location.pathname + location.search;
  history.replaceState(null, '', what ? `${rest}#${what.kind}=${encodeURIComponent(what.name)}` : rest);
}

/// The {kind, name} in the address, or null. A mangled one opens nothing.
export function remembered() {
  const [, kind, name] = location.hash.match(/^#(actor|channel|group)=(.+)$/) ?? [];
  try {
    return kind ? {kind, name: decodeURIComponent(name)} : null;
  } catch {
    return null;
  }
}
