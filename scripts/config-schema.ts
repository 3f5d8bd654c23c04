/**
 * Writes `nofx.schema.json`, by which editors complete and check `.github/nofx.yml`. A test says when it is out of date:
 *
 *     npx node scripts/config-schema.ts
 */
import { writeFileSync } from 'node:fs';
import { repoConfigJsonSchema } from '../src/domain/repo-config.ts';

writeFileSync(new URL('../nofx.schema.json', import.meta.url), `${JSON.stringify(repoConfigJsonSchema(), null, 2)}\n`);
