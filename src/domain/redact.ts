/** Replaces every secret in a text. The same function is used wherever text leaves NOFX. */
export type Redactor = (text: string) => string;

export const REDACTED = '[redacted]';

/**
 * Forms a secret can be told by, whatever its value. GitHub's installation tokens are about 520
 * characters with dots (`ghs_<app>_<JWT>`), so lengths are open-ended.
 * Every pattern begins with a fixed word and repeats one class: linear on any input.
 */
const patterns: { pattern: RegExp; replacement: string }[] = [
  // GitHub: https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
  { pattern: /\bgh[opsur]_[A-Za-z0-9_.-]{20,}/g, replacement: REDACTED },
  { pattern: /\bgithub_pat_[A-Za-z0-9_]{20,}/g, replacement: REDACTED },
  { pattern: /\bsk-ant-[A-Za-z0-9_-]{10,}/g, replacement: REDACTED },
  { pattern: /\bglpat-[A-Za-z0-9_-]{20,}/g, replacement: REDACTED },
  { pattern: /\bnpm_[A-Za-z0-9]{36,}/g, replacement: REDACTED },
  { pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g, replacement: REDACTED },
  { pattern: /\bAIza[A-Za-z0-9_-]{35}/g, replacement: REDACTED },
  // Standard Webhooks' signing keys, our own endpoints' among them
  { pattern: /\bwhsec_[A-Za-z0-9+/_-]{20,}={0,2}/g, replacement: REDACTED },
  // our own API keys
  { pattern: /\bnofx_[A-Za-z0-9_-]{40,}/g, replacement: REDACTED },
  // AWS: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
  { pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, replacement: REDACTED },
  { pattern: /\b(aws_secret_access_key\s{0,4}[=:]\s{0,4}["']?)[A-Za-z0-9/+]{40}/gi, replacement: `$1${REDACTED}` },
  // A JWT: `{"` in base64url begins `eyJ`.
  { pattern: /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, replacement: REDACTED },
  // PEM, also with its newlines written as \n, also cut off before its end.
  {
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[A-Za-z0-9+/=\s\\:,-]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|(?![A-Za-z0-9+/=\s\\:,-]))/g,
    replacement: REDACTED,
  },
  {
    pattern: /\b(authorization["']?\s{0,4}[:=]\s{0,4}["']?(?:basic|bearer|token)\s{1,4})[A-Za-z0-9+/=._~-]{8,}/gi,
    replacement: `$1${REDACTED}`,
  },
  // https://user:password@host and https://token@host
  { pattern: /\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/?#@"'<>]{1,2048}@/gi, replacement: `$1${REDACTED}@` },
];

/** Shorter values would redact ordinary words. */
const SHORTEST = 6;

/**
 * `secrets` gives the live values each time, since installation tokens come and go. Each is found as
 * it is, encoded for a URL, a form or HTML, JSON-escaped, in base64 (also inside a longer encoded text such as
 * `x-access-token:<token>`), base64url and hex.
 */
export function createRedactor(secrets: () => string[]): Redactor {
  let known: string[] | undefined;
  let needles: string[] = [];

  return (text) => {
    const now = secrets();
    if (!known || now.length !== known.length || now.some((secret, i) => secret !== known![i])) {
      known = [...now];
      needles = needlesOf(known);
    }
    let result = text;
    for (const needle of needles) if (result.includes(needle)) result = result.replaceAll(needle, REDACTED);
    for (const { pattern, replacement } of patterns) result = result.replace(pattern, replacement);
    return result;
  };
}

/** Longest first, so that a secret within another form leaves nothing of it behind. */
function needlesOf(secrets: string[]): string[] {
  const forms = secrets.flatMap((secret) => {
    const value = secret.trim();
    if (value.length < SHORTEST) return [];
    return [
      ...[value, ...lines(value)].flatMap(spellings),
      JSON.stringify(value).slice(1, -1),
      ...hex(value),
      ...base64Forms(value),
    ];
  });
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST).sort((a, b) => b.length - a.length);
}

/** A key of several lines may be printed line by line. */
function lines(value: string): string[] {
  return value
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.length >= 16 && !line.startsWith('-----'));
}

/** As it is, and as it stands in a URL, the body of a form, and HTML. */
function spellings(value: string): string[] {
  const encoded = [encodeURIComponent(value), new URLSearchParams([['', value]]).toString().slice(1)];
  const lower = encoded.map((text) => text.replace(/%../g, (escape) => escape.toLowerCase()));
  return [value, ...encoded, ...lower, value.replace(/[&<>"']/g, (character) => HTML[character]!)];
}

const HTML: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function hex(value: string): string[] {
  const written = Buffer.from(value).toString('hex');
  return [written, written.toUpperCase()];
}

/**
 * The part of a base64 text that stands for the value alone, at each of its three possible offsets
 * within a longer one. Characters that also hold bits of a neighbour are left off.
 */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value);
  const forms = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const partialEnd = (offset + bytes.length) % 3 === 0 ? 0 : 1;
    // Offset 1 shares its second character with the byte before, offset 2 its third.
    const start = offset === 0 ? 0 : offset + 1;
    return encoded.slice(start, encoded.length - partialEnd);
  });
  return [...forms, ...forms.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))].filter(
    (form) => form.length >= 8,
  );
}
