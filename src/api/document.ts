import type { OpenAPIHono } from '@hono/zod-openapi';
import { renderDocs } from './docs.ts';
import type { Api } from './env.ts';

export type OpenApiDocument = ReturnType<OpenAPIHono['getOpenAPI31Document']>;

/** `/openapi.json`, and the same for people at `/docs`. */
export function documentRoutes(api: Api): void {
  api.openAPIRegistry.registerComponent('securitySchemes', 'key', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key (`nofx_…`), or an access token of the Supabase project that the server knows.',
  });
  api.openAPIRegistry.registerComponent('securitySchemes', 'admin', {
    type: 'http',
    scheme: 'basic',
    description: 'The user `admin` with ADMIN_PASSWORD.',
  });
  // Once, and only when all routes are there.
  let made: OpenApiDocument | undefined;
  const document = () =>
    (made ??= api.getOpenAPI31Document({
      openapi: '3.1.0',
      info: {
        title: 'NOFX',
        version: '1',
        description:
          'Runs, their steps and artifacts. You see the runs that you asked for and those of repositories you may read; of all others there is nothing here.',
      },
      security: [{ key: [] }, { admin: [] }],
    }));
  api.get('/openapi.json', (c) => c.json(document()));
  api.get('/docs', (c) => {
    const { html, policy } = renderDocs(document());
    return c.html(html, 200, { 'Content-Security-Policy': policy });
  });
}
