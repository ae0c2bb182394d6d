// Numbers for people. Pure.

export const grouped = (value) => Math.round(value).toLocaleString('en');
export const percent = (ratio) => `${Math.round(ratio * 100)} %`;
export const sum = (values) => Object.values(values).reduce((total, value) => total + value, 0);
export const counted = (count, thing) => `${grouped(count)} ${thing}${count === 1 ? '' : 's'}`;

export function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; ++unit) value /= 1024;
  return `${unit && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/// As steadyctl writes it: "713 M", "2.1 G", "42 k"; below ten thousand as it is.
export function short(value) {
  if (value > 0 && value < 9.95 && value % 1) return value.toFixed(1);
  if (value < 1e4) return `${Math.round(value)}`;
  const units = ['k', 'M', 'G', 'T', 'P', 'E'];
  let unit = 0;
  for (value /= 1000; value >= 999.5 && unit < units.length - 1; ++unit) value /= 1000;
  return `${value.toFixed(value < 9.95 ? 1 : 0)} ${units[unit]}`;
}

export const rate = (value) => `${short(value)}/s`;

/// A duration of code: "830 ns", "12 µs", "4.1 ms", "2.0 s".
export function duration(seconds) {
  const units = [['s', 1], ['ms', 1e-3], ['µs', 1e-6], ['ns', 1e-9]];
  const [unit, size] = units.find(([, scale]) => seconds >= scale * 0.9995) ?? units.at(-1);
  const value = seconds / size;
  return `${value.toFixed(value && value < 9.95 && unit !== 'ns' ? 1 : 0)} ${seconds ? unit : 's'}`;
}

/// A time of waiting or living: "42 s", "3 min 10 s", "2 d 4 h".
export function span(seconds) {
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ''}`;
  const minutes = Math.floor(whole / 60) % 60;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h${minutes ? ` ${minutes} min` : ''}`;
  return `${Math.floor(whole / 86400)} d ${Math.floor(whole / 3600) % 24} h`;
}

/// "a, b, c and 12 more".
export function listed(names, most = 4) {
  if (names.length <= most + 1) return names.join(', ');
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}
