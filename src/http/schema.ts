import { Hono } from 'hono';
import { repoConfigJsonSchema } from '../domain/repo-config.ts';

/** `/nofx.schema.json`: by it editors complete and check `.github/nofx.yml`. */
export function schemaRoutes(): Hono {
  const schema = repoConfigJsonSchema();
  return new Hono().get('/nofx.schema.json', (c) => c.json(schema));
}
