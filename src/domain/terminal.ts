/**
 * Makes a command's output plain text that can be shown anywhere: terminal control sequences go, a carriage return
 * leaves what a terminal would show at the end, and workflow commands (`::set-output`) become inert.
 * Newlines and tabs stay.
 */
export function plainOutput(text: string): string {
  return text
    .replace(CONTROL_STRINGS, '')
    .replace(CONTROL_SEQUENCES, '')
    .replace(OTHER_ESCAPES, '')
    .replace(UNSAFE, '')
    .split('\n')
    .map((line) => inert(overwritten(line)))
    .join('\n');
}

// ECMA-48: OSC, DCS, SOS, PM and APC strings run to ST or BEL; OSC 8 makes hyperlinks. One that is never closed ends with its line.
const CONTROL_STRINGS =
  /(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c|$|(?=[\n\u001b]))/g;
const CONTROL_SEQUENCES = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?/g;
const OTHER_ESCAPES = /\u001b[ -/]*[0-~]?/g;
// Control characters but tab, newline and carriage return, and the bidirectional ones that reorder what is read.
const UNSAFE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** What is left to see after the last carriage return, as progress bars use it. */
function overwritten(line: string): string {
  const whole = line.replace(/\r+$/, '');
  return whole.slice(whole.lastIndexOf('\r') + 1);
}

/** A line that starts with `::name`, or holds `##[name]` anywhere, is a command to GitHub's runners; a zero-width space before it or within makes it text. */
function inert(line: string): string {
  return line.replace(/^(\s*)::/, '$1\u200b::').replaceAll('##[', '##\u200b[');
}
