import { createRoute, z } from '@hono/zod-openapi';
import { findArtifact } from '../db/artifacts.ts';
import type { Access } from './access.ts';
import { byteRange } from './byte-range.ts';
import type { Api, ApiDeps } from './env.ts';
import { ApiProblem, problems } from './problem.ts';

const bytes = { content: { 'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) } } };

/** How long a signed URL is good for: enough to follow a redirect. */
const SIGNED_SECONDS = 60;

const description = createRoute({
  method: 'get',
  path: '/artifacts/runs/{runId}/steps/{stepId}/{name}',
  operationId: 'getArtifact',
  summary: 'An artifact, whole or in part',
  description:
    'One on disk, and whatever is asked for with `verified` or in part, comes from here with its hash checked. Else, one in Supabase is a redirect to a signed URL that is good for a minute: compare what it gives with the `sha256` of the run’s artifact.',
  request: {
    params: z.object({
      runId: z.string(),
      stepId: z.string(),
      name: z.string().openapi({ description: 'It may hold slashes: `files/src/slugify.ts`.' }),
    }),
    query: z.object({
      verified: z
        .literal('1')
        .optional()
        .openapi({ description: 'No redirect: the bytes themselves, their hash checked.' }),
    }),
    headers: z.object({ range: z.string().optional().openapi({ example: 'bytes=0-99' }) }),
  },
  responses: {
    200: { description: 'Its bytes', ...bytes },
    302: { description: 'Where its bytes are, in Supabase' },
    206: { description: 'Those of its bytes that were asked for', ...bytes },
    ...problems('not_found', 'range'),
  },
});

/** Artifacts are what a model and other people's commands have made: browsers are to save them, and never to show them. */
export function artifactRoutes(api: Api, { db, access, adapters }: ApiDeps & { access: Access }): void {
  api.openAPIRegistry.registerPath(description);
  // A name with slashes is more than a path parameter of OpenAPI may be.
  api.get('/artifacts/runs/:runId/steps/:stepId/:name{.+}', async (c) => {
    const { runId, stepId, name } = c.req.param();
    const run = await access.run(c.get('principal'), runId);
    const found = await findArtifact(db, stepId, name);
    if (found === null || found.runId !== run.id) throw new ApiProblem('not_found');
    const fileName = name.split('/').at(-1)!;
    if (c.req.query('verified') === undefined && c.req.header('range') === undefined) {
      const elsewhere = await adapters.artifacts.signedUrl(found, { seconds: SIGNED_SECONDS, fileName });
      if (elsewhere !== null) return c.redirect(elsewhere, 302);
    }
    const whole = await adapters.artifacts.get(found);

    const range = byteRange(c.req.header('range'), whole.length);
    if (range === 'unsatisfiable') {
      throw new ApiProblem('range', { headers: { 'Content-Range': `bytes */${whole.length}` } });
    }
    const shown = range === null ? whole : whole.subarray(range.from, range.to + 1);
    return c.body(new Uint8Array(shown), range === null ? 200 : 206, {
      'Content-Type': found.contentType,
      'Content-Disposition': `attachment; filename*=UTF-8''${headerWord(fileName)}`,
      'Accept-Ranges': 'bytes',
      ETag: `"${found.sha256}"`,
      ...(range && { 'Content-Range': `bytes ${range.from}-${range.to}/${whole.length}` }),
    });
  });
}

/** A file name as RFC 8187 has it. */
function headerWord(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`);
}
