import { html } from 'hono/html';
import type { Markup } from './layout.ts';

const LABELS: Record<string, string> = {
  neutral: 'nothing to do',
  stopped: 'nothing to do',
  timed_out: 'out of time',
};

/** A status as people say it. */
export const statusWord = (name: string): string => LABELS[name] ?? name;

/** A status in words, `label` where it has others here; its colour and sign come from the style sheet. */
export function status(name: string, label = statusWord(name)): Markup {
  return html`<span class="status" data-status="${name}">${label}</span>`;
}

/** Text as it begins a sentence. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What somebody has written, with its line breaks; what stands in backquotes as code. */
export function prose(text: string): Markup {
  const parts = text.split(/`([^`\n]+)`/).map((part, at) => (at % 2 === 0 ? part : html`<code>${part}</code>`));
  return html`<p class="prose">${parts}</p>`;
}

/** A moment of a day, to the second, in UTC. */
export function clock(at: Date): Markup {
  const text = at.toISOString();
  return html`<time class="num" datetime="${text}">${text.slice(11, 19)}</time>`;
}

/** `1.2 KB` */
export function bytes(size: number): string {
  if (size < 1_000) return `${size} B`;
  return size < 1_000_000 ? `${(size / 1_000).toFixed(1)} KB` : `${(size / 1_000_000).toFixed(1)} MB`;
}

/** A moment, to the minute, in UTC: pages are the same for everybody. */
export function moment(at: Date): Markup {
  const text = at.toISOString();
  return html`<time datetime="${text}">${text.slice(0, 10)} ${text.slice(11, 16)}</time>`;
}

/** `$1,234.50`; what is less than ten cents to a hundredth of one */
export function dollars(usd: number): string {
  const digits = usd !== 0 && usd < 0.1 ? 4 : 2;
  return `$${usd.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

/** `2 runs` */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? one : many}`;
}
