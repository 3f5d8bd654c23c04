import type { Measured } from './path.ts';
import { ms, shown, spread } from './stats.ts';
import { table } from './table.ts';
import { KINDS, type Kind, type Stretch, type Way } from './timeline.ts';
import type { WebhookFigures, WebhookOptions } from './webhooks.ts';
import type { WorkspaceFigures, WorkspaceOptions } from './workspaces.ts';

const title = (text: string) => `\n── ${text}\n`;

export function reportWebhooks(
  figures: readonly WebhookFigures[],
  options: Pick<WebhookOptions, 'deliveries' | 'rounds'>,
): string {
  const rows = figures.map(({ target, concurrency, p50, p99, perSecond }) => [
    target,
    String(concurrency),
    shown(p50),
    shown(p99),
    String(Math.round(perSecond.median)),
  ]);
  return (
    title(`webhook → 202 (${options.rounds} × ${options.deliveries} deliveries each)`) +
    table(['', 'at once', 'p50', 'p99', 'per second'], rows)
  );
}

const HEADS: Record<Kind, string> = {
  git: 'git',
  sandbox: 'test command',
  github: 'GitHub',
  model: 'model',
  database: 'database',
  other: 'the rest',
};

/** What is ours of a way: the database and our own code, with the waits for a worker. */
const ours = (way: Way) => sum(way.stretches, (stretch) => stretch.spent.database + stretch.spent.other);

export function reportPath(measured: readonly Measured[]): string {
  return measured.map(reportWays).join('\n');
}

function reportWays({ name, ways }: Measured): string {
  const names = [...new Set(ways.flatMap(({ stretches }) => stretches.map((stretch) => stretch.name)))];
  const medianOf = (of: (way: Way) => number) => ms(spread(ways.map(of)).median);
  const row = (label: string, pick: (stretch: Stretch) => boolean) => [
    label,
    medianOf((way) => sum(way.stretches.filter(pick), (stretch) => stretch.total)),
    ...KINDS.map((kind) => medianOf((way) => sum(way.stretches.filter(pick), (stretch) => stretch.spent[kind]))),
  ];
  const share = spread(ways.map((way) => (100 * ours(way)) / way.total));
  return [
    title(`comment → pull request, an instant model: ${name} (${ways.length} runs)`),
    table(
      ['', 'all', ...KINDS.map((kind) => HEADS[kind])],
      [...names.map((each) => row(each, (stretch) => stretch.name === each)), row('comment → PR', () => true)],
    ),
    '',
    `pull request there after ${shown(spread(ways.map(({ total }) => total)))}; GitHub shows all of it after ${shown(spread(ways.map(({ settled }) => settled)))}`,
    `ours (database and the rest): ${shown(spread(ways.map(ours)))}, ${Math.round(share.median)} % (${Math.round(share.min)}–${Math.round(share.max)} %)`,
    `${spread(ways.map(({ requests }) => requests)).median} requests to GitHub, ${spread(ways.map(({ gitProcesses }) => gitProcesses)).median} git processes a run`,
  ].join('\n');
}

export function reportWorkspaces(figures: readonly WorkspaceFigures[], options: WorkspaceOptions): string {
  const rows = figures.map(({ what, time, besides, ratio }) => [
    what,
    shown(time),
    ratio === null ? '' : `${ratio.toFixed(2)} × ${besides}`,
  ]);
  return (
    title(`a run's workspace (${options.files} files, ${options.commits} commits, ${options.rounds} rounds)`) +
    table(['', 'time', 'beside'], rows)
  );
}

function sum<T>(list: readonly T[], of: (each: T) => number): number {
  return list.reduce((total, each) => total + of(each), 0);
}
