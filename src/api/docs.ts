import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import type { OpenApiDocument } from './document.ts';
import { problemKinds } from './problem.ts';

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; } h2 code { font-size: 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; }
`;

type Operation = NonNullable<NonNullable<OpenApiDocument['paths']>[string]['get']>;
type Markup = ReturnType<typeof html>;

/** The API as a page: all of it is in the OpenAPI document, nothing is loaded from elsewhere. */
export function renderDocs(document: OpenApiDocument): { html: Markup; policy: string } {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    (['get', 'post', 'patch', 'delete'] as const).flatMap((method) => {
      const operation = item[method];
      return operation ? [{ method: method.toUpperCase(), path, operation }] : [];
    }),
  );
  const hash = createHash('sha256').update(STYLE).digest('base64');
  return {
    policy: `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'`,
    html: html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width" />
          <title>${document.info.title} API</title>
          <style>
            ${raw(STYLE)}
          </style>
        </head>
        <body>
          <h1>${document.info.title} API</h1>
          <p>${document.info.description}</p>
          <p>
            Say who you are with <code>Authorization: Bearer nofx_…</code>. The same for programs:
            <a href="/openapi.json">openapi.json</a>.
          </p>
          <nav aria-label="Routes">
            <ul>
              ${operations.map(
                ({ method, path, operation }) =>
                  html`<li>
                    <a href="#${operation.operationId}"><code>${method} ${path}</code></a>
                  </li>`,
              )}
            </ul>
          </nav>
          ${operations.map(({ method, path, operation }) => section(method, path, operation))}
          <h2 id="problems">Problems</h2>
          <p>
            Whatever goes wrong is told as <code>application/problem+json</code> (RFC 9457); its <code>type</code> leads
            here.
          </p>
          <table>
            <tbody>
              ${problemKinds.map(
                ([kind, { status, title }]) =>
                  html`<tr id="${kind}">
                    <td>${status}</td>
                    <td><code>${kind}</code></td>
                    <td>${title}</td>
                  </tr>`,
              )}
            </tbody>
          </table>
          <h2 id="schemas">Shapes</h2>
          ${Object.entries(document.components?.schemas ?? {}).map(
            ([name, schema]) =>
              html`<h3 id="schema-${name}">${name}</h3>
                <pre>${JSON.stringify(schema, null, 2)}</pre>`,
          )}
        </body>
      </html>`,
  };
}

function section(
  method: string,
  path: string,
  { operationId, summary, description, parameters, requestBody, responses }: Operation,
): Markup {
  const given = (parameters ?? []).flatMap((parameter) => ('name' in parameter ? [parameter] : []));
  return html`<h2 id="${operationId}"><code>${method} ${path}</code></h2>
    <p>${summary}</p>
    ${description ? html`<p>${description}</p>` : ''}
    ${
      given.length > 0
        ? html`<table>
            <tbody>
              ${given.map(
                ({ name, in: where, required, description: what }) =>
                  html`<tr>
                    <td><code>${name}</code></td>
                    <td>${where}${required ? ', required' : ''}</td>
                    <td>${what ?? ''}</td>
                  </tr>`,
              )}
            </tbody>
          </table>`
        : ''
    }
    ${requestBody && 'content' in requestBody ? html`<pre>${JSON.stringify(requestBody.content, null, 2)}</pre>` : ''}
    <table>
      <tbody>
        ${Object.entries(responses ?? {}).map(
          ([status, response]) =>
            html`<tr>
              <td>${status}</td>
              <td>${(response as { description?: string }).description ?? ''}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
}
