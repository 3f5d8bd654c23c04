import type { BaseRed } from './base-red.ts';
import { code, fence, folded } from './markdown.ts';
import type { GitMode } from './project.ts';
import type { GateView } from './report-view.ts';

/** That a gate's command fails without the change as well, as a sentence. */
export function failsThereToo({ sha, compared, fresh }: BaseRed): string {
  const there = `It fails on the base (\`${sha.slice(0, 7)}\`) as well, without the change`;
  switch (compared) {
    case 'same':
      return `${there}, and in the same way.`;
    case 'more':
      return `${there}, but ${fresh.length === 1 ? 'one thing that it found wrong is' : `${fresh.length} things that it found wrong are`} not wrong there.`;
    case 'unclear':
      return `${there}; whether for the same reason could not be told.`;
  }
}

/** The same behind a gate's verdict, in a few words. Empty where it is not known to fail there. */
export function asWithout({ base }: Pick<GateView, 'base'>): string {
  if (!base) return '';
  const words = {
    same: 'as it does without this change',
    more: 'without this change too, but with less wrong',
    unclear: 'it fails without this change too',
  };
  return ` — ${words[base.compared]}`;
}

/** Why work is handed in although a gate failed, and what to do about it. Null where none of them fails as the base does. */
export function baseNotice(gates: readonly GateView[], mode: GitMode): string | null {
  const same = gates.filter(({ base }) => base?.compared === 'same');
  const [first] = same;
  if (!first?.base) return null;
  if (mode === 'hidden') {
    return `${same.length === 1 ? 'It fails' : 'They fail'} in the same way without this change. Once that is mended, comment \`/nofx rebase\` to have this checked again.`;
  }
  const commands = same
    .slice(0, 3)
    .map(({ command }) => code(command ?? '', 200))
    .concat(same.length > 3 ? [`${same.length - 3} more`] : [])
    .join(' and ');
  return `${commands} ${same.length === 1 ? 'fails' : 'fail'} on the base (\`${first.base.sha.slice(0, 7)}\`) in the same way, without this change. Once that is mended there, \`/nofx rebase\` has this checked again.`;
}

/** The end of what the command printed on the base, folded away. Null where it printed nothing. */
export function baseTail({ base }: Pick<GateView, 'base'>, limit: number): string | null {
  if (!base || base.tail.trim() === '') return null;
  return folded(
    `The end of its output on <code>${base.sha.slice(0, 7)}</code>, without this change`,
    fence(base.tail, limit, 'text'),
  );
}
