import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** Where things are under the workspace root. */
export function layout(root: string) {
  return {
    mirror: (project: string) => join(root, 'mirrors', `${safeName(project)}.git`),
    workspace: (project: string, key: string) => join(root, 'workspaces', safeName(project), safeName(key)),
    scratch: (project: string, key: string) => join(root, 'scratch', safeName(project), safeName(key)),
  };
}

/** One folder name for any text: different texts have different names, also where case is ignored. */
export function safeName(text: string): string {
  if (/^[a-z0-9_-]{1,80}$/.test(text)) return text;
  const readable = text
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '_')
    .slice(0, 60);
  return `${readable}.${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}
