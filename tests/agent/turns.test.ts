import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTurns } from '../../src/agent/turns.ts';

let open = 0;
let most = 0;
let asked = 0;
const server = createServer((request, response) => {
  most = Math.max(most, (open += 1));
  asked += 1;
  if (request.url === '/cut') return void setTimeout(() => response.destroy(), 5);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write('the headers are there, the reply is not: ');
  setTimeout(() => response.end('done'), 30);
});
server.on('request', (_request, response) => response.on('close', () => (open -= 1)));
const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => void server.close());

it('lets so many requests be under way, each until its reply was read to the end, and none starves', async () => {
  const seen: string[] = [];
  const inTurn = createTurns(2, async (model, send) => {
    seen.push(model);
    return (await send()).response;
  });
  const replies = await Promise.all(
    Array.from({ length: 9 }, (_, index) =>
      inTurn(`m${index}`, () => fetch(`${url()}${index % 4 === 1 ? '/cut' : '/'}`)).then(
        (response) => response.text(),
        () => 'cut off',
      ),
    ),
  );
  expect(replies.filter((reply) => reply.endsWith('done'))).toHaveLength(7);
  expect(replies.filter((reply) => reply === 'cut off')).toHaveLength(2);
  expect([asked, seen.length]).toEqual([9, 9]);
  expect(most).toBe(2);
});
