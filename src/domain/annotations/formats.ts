import { cargo } from './cargo.ts';
import { eslint } from './eslint.ts';
import type { Parse } from './finding.ts';
import { goTest } from './go-test.ts';
import { jest } from './jest.ts';
import { nodeSpec } from './node-spec.ts';
import { nodeTap } from './node-tap.ts';
import { pytest } from './pytest.ts';
import { tsc } from './tsc.ts';
import { vitest } from './vitest.ts';

/** The outputs that can be read, each by the file of its name. Where two read the same line, the first has it. */
export const formats = {
  nodeSpec,
  nodeTap,
  vitest,
  jest,
  pytest,
  goTest,
  tsc,
  eslint,
  cargo,
} as const satisfies Record<string, Parse>;
