import { readdirSync, readFileSync } from 'node:fs';
import { annotationsOf, readFindings, type Annotation } from '../../../src/domain/annotations/annotations.ts';

/** The real output of a real tool on a real mistake, stored as it came. */
const LOGS_FOLDER = new URL('../../fixtures/gate-logs/', import.meta.url);
export const LOGS = readdirSync(LOGS_FOLDER).map((name) => name.replace('.txt', ''));
export const logOf = (name: string) => readFileSync(new URL(`${name}.txt`, LOGS_FOLDER), 'utf8');

/** What is found in an output, of a command that ran at `root` in a commit with these files. */
export const read = (output: string, root: string, files: readonly string[]) =>
  annotationsOf(readFindings(output), { root, files });

/** An annotation on one line. */
export const short = ({ path, line, level, title = '', message }: Annotation) =>
  `${path}:${line} ${level === 'failure' ? '' : `${level} `}[${title}] ${message.replaceAll('\n', ' / ')}`;
