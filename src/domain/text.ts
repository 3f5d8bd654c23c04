/**
 * Small moves that make other people's text safe to put where it is read by git, by GitHub or by a
 * person. All are pure and do nothing to plain text.
 */

/** Invisible, and enough to keep GitHub from reading a mention, a tag or a reference. */
const ZERO_WIDTH = '\u200b';

/** C0 and C1 controls except newline and tab. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Zero-width and direction-changing characters: they hide text or reorder it ("Trojan Source", CVE-2021-42574). */
const INVISIBLE = /[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\u{e0000}-\u{e007f}]/gu;

/** Takes away what a reader cannot see. Newlines and tabs stay. */
export function visible(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(CONTROLS, '').replace(INVISIBLE, '');
}

/** One line without control, zero-width and bidirectional characters; runs of white space become one space. */
export function oneLine(text: string, options: { keepIndent?: boolean } = {}): string {
  const flat = visible(text.replace(/[\r\n\u2028\u2029]/g, ' '));
  const indent = options.keepIndent ? /^ */.exec(flat.replaceAll('\t', '  '))![0] : '';
  return (indent + flat.replace(/\s+/g, ' ').trim()).trimEnd();
}

/** At most `limit` UTF-16 units, an ellipsis included, never half a character. */
export function truncateChars(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${wellFormedEnd(text.slice(0, Math.max(0, limit - 1))).trimEnd()}…`;
}

/** The first bytes of a text, at most `limit` in UTF-8, never half a character. */
export function firstBytes(text: string, limit: number): string {
  if (Buffer.byteLength(text) <= limit) return text;
  const bytes = Buffer.from(text).subarray(0, Math.max(0, limit));
  return bytes.toString().replace(/\ufffd{1,3}$/, '');
}

/** The last bytes of a text, at most `limit` in UTF-8, from the start of a line where there is one. */
export function lastBytes(text: string, limit: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= limit) return text;
  const tail = bytes
    .subarray(bytes.length - Math.max(0, limit))
    .toString()
    .replace(/^\ufffd{1,3}/, '');
  const newline = tail.indexOf('\n');
  return newline >= 0 && newline < tail.length - 1 ? tail.slice(newline + 1) : tail;
}

function wellFormedEnd(text: string): string {
  return text.isWellFormed() ? text : text.replace(/[\ud800-\udbff]$/, '');
}

/** GitHub starts no workflow for a push whose head commit says one of these. */
export function neutraliseSkipCi(text: string): string {
  return text.replace(/\[\s*(skip ci|ci skip|no ci|skip actions|actions skip)\s*\]/gi, '($1)');
}

/** "Fixes #12" closes issue 12 on merge: only NOFX's own line may do that. */
export function neutraliseClosing(text: string): string {
  return text.replace(
    /\b(close[sd]?|fix(?:e[sd])?|resolve[sd]?)(:?\s*)(?=(?:[\w.-]+\/[\w.-]+)?#\d|https?:\/\/\S+\/(?:issues|pull)\/\d)/gi,
    '$1$2issue ',
  );
}

/**
 * Model or user text for a markdown body: nobody is mentioned, nothing is loaded from elsewhere, no
 * HTML (and so none of our hidden markers), no issue is closed. It reads the same.
 */
export function neutralise(text: string): string {
  return neutraliseClosing(visible(text))
    .replace(/@(?=[A-Za-z0-9_-])/g, `@${ZERO_WIDTH}`)
    .replace(/&(?=#|commat;|num;)/g, `&${ZERO_WIDTH}`)
    .replace(/!+(?=\[)/g, '')
    .replace(/<(?=[A-Za-z/!?])/g, `<${ZERO_WIDTH}`);
}
