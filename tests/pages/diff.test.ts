import { describe, expect, it } from 'vitest';
import { readDiff } from '../../src/pages/diff.ts';

const DIFF = `diff --git a/new.md b/new.md
new file mode 100644
index 0000000..1111111
--- /dev/null
+++ b/new.md
@@ -0,0 +1,2 @@
+diff --git a/x b/x
+++ b/trick.md
diff --git a/gone.txt b/gone.txt
deleted file mode 100644
--- a/gone.txt
+++ /dev/null
@@ -1 +0,0 @@
-- a list
\\ No newline at end of file
diff --git a/old name.ts b/new name.ts
similarity index 100%
rename from old name.ts
rename to new name.ts
diff --git a/logo.png b/logo.png
index 1111111..2222222 100644
GIT binary patch
literal 3
Kcmb=J0000
`;

describe('a diff', () => {
  it('is read file by file, whatever their lines look like', () => {
    expect(readDiff(DIFF).map(({ lines, ...file }) => ({ ...file, lines: lines.map(({ kind }) => kind) }))).toEqual([
      { path: 'new.md', previousPath: null, added: 2, removed: 0, lines: ['hunk', 'added', 'added'] },
      { path: 'gone.txt', previousPath: null, added: 0, removed: 1, lines: ['hunk', 'removed', 'same'] },
      { path: 'new name.ts', previousPath: 'old name.ts', added: 0, removed: 0, lines: [] },
      { path: 'logo.png', previousPath: null, added: 0, removed: 0, lines: [] },
    ]);
    expect(readDiff('')).toEqual([]);
  });
});
