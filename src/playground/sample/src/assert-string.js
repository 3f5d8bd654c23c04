/** Throws a TypeError unless the value is a string. */
export function assertString(value, name) {
  if (typeof value !== 'string') {
    throw new TypeError(`${name} expects a string, got ${value === null ? 'null' : typeof value}`);
  }
}
