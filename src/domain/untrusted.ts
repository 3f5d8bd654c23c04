/**
 * Cleans text that people without trust may have written (issues, comments, files) before a model
 * reads it: what a reader on GitHub cannot see, the model shall not see either.
 *
 * This is hygiene, not the wall. A model may still be talked into things by visible text; what it
 * can then do is bounded by its tools and the sandbox.
 */
export type Cleaned = {
  text: string;
  /** What was taken out, for the log: `HTML comment`, `12 invisible characters`, … */
  removed: string[];
};

/**
 * Characters that show nothing: soft hyphen, zero-width ones, joiners, fillers, byte order marks, tags,
 * variation selectors beyond the emoji ones, and control characters other than tab and newline.
 */
const INVISIBLE =
  // oxlint-disable-next-line no-control-regex -- taking them out is the point
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u2060-\u2065\u206a-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;

/** A joiner is seen only between two pictures, where it makes one of them. */
const LOOSE_JOINER =
  /(?<!\p{Extended_Pictographic}[\ufe0f\u{1f3fb}-\u{1f3ff}]?)\u200d|\u200d(?!\p{Extended_Pictographic})/gu;

/** Marks that reorder what follows: https://trojansource.codes */
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * What GitHub shows as it stands comes first, so that a comment inside a code block stays: whichever
 * begins earlier wins, as in CommonMark. An unclosed fence or comment runs to the end.
 */
const CODE_OR_HIDDEN = new RegExp(
  [
    /(?<fence>^ {0,3}(?<ticks>`{3,})[^`\n]*$(?:\n(?! {0,3}\k<ticks>`*[ \t]*$)[^\n]*)*(?:\n[^\n]*)?)/,
    /(?<tildes>^ {0,3}(?<waves>~{3,})[^\n]*$(?:\n(?! {0,3}\k<waves>~*[ \t]*$)[^\n]*)*(?:\n[^\n]*)?)/,
    /(?<code>(?<!`)(?<span>`{1,8})(?!`)[^`\n]{1,2000}\k<span>(?!`))/,
    /(?<comment><!--[^]*?(?:-->|(?![^]))|^ {0,3}\[[^\]\n]{0,200}\]:[ \t]+(?:#|<>)[^\n]*$)/,
    /(?<image>!\[[^\]\n]{0,4000}\](?:\([^)\n]{0,4000}\)|\[[^\]\n]{0,200}\])|<(?:img|source|picture|video|audio)\b[^>]{0,8000}>)/,
    /(?<hidden><(?<tag>[a-z][a-z0-9]{0,15})\b(?=[^>]{0,2000}(?:\bhidden\b|display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0))[^>]{0,2000}>[^]{0,65536}?<\/\k<tag>\s*>)/,
    /(?<title>(?<=\]\([^()\s]{1,2000})\s+(?:"[^"\n]{0,4000}"|'[^'\n]{0,4000}')(?=\)))/,
  ]
    .map((part) => part.source)
    .join('|'),
  'gimu',
);

export function cleanText(input: string): Cleaned {
  const removed = new Map<string, number>();
  const note = noteIn(removed);
  const visible = withoutInvisible(input, note);
  const text = visible.replace(CODE_OR_HIDDEN, (match: string, ...rest: unknown[]) => {
    const part = rest.at(-1) as Record<string, string | undefined>;
    if (part['fence'] ?? part['tildes'] ?? part['code']) return match;
    if (part['image'] !== undefined) {
      note('image text');
      return '[image]';
    }
    note(
      part['comment'] !== undefined ? 'HTML comment' : part['title'] !== undefined ? 'link title' : 'hidden element',
    );
    return '';
  });

  return { text, removed: counted(removed) };
}

/** The same for what people see in a code block, such as the output of a command: markup hides nothing there. */
export function cleanCode(input: string): Cleaned {
  const removed = new Map<string, number>();
  return { text: withoutInvisible(input, noteIn(removed)), removed: counted(removed) };
}

type Note = (what: string) => void;

function noteIn(removed: Map<string, number>): Note {
  return (what) => void removed.set(what, (removed.get(what) ?? 0) + 1);
}

function counted(removed: ReadonlyMap<string, number>): string[] {
  return [...removed].map(([what, times]) => (times === 1 ? what : `${times} ${what}s`));
}

function withoutInvisible(input: string, note: Note): string {
  const drop = (what: string) => () => {
    note(what);
    return '';
  };
  return input
    .replace(/\r\n?/g, '\n')
    .replace(BIDI, drop('bidirectional mark'))
    .replace(INVISIBLE, drop('invisible character'))
    .replace(LOOSE_JOINER, drop('invisible character'));
}
