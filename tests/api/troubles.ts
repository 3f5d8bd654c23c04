import type { Case } from './contract-cases.ts';
import type { Who, World } from './world.ts';

/** What GitHub says where it does not do what it is asked for. */
const SAID = {
  'asks to wait': { status: 403, headers: { 'retry-after': '1' } },
  'knows of nothing': { status: 404 },
  'forbids it': { status: 403, body: { message: 'Resource not accessible by integration' } },
};

type Sending = (who?: Who) => Promise<Response>;

/**
 * The answers to the request that a case ends with while GitHub, from one of the requests on that it takes, or Supabase
 * refuses everything; each with what that was. It is sent by somebody whom nobody knows anything of yet.
 */
export async function inTrouble(run: Case, world: World): Promise<[string, Response][]> {
  const { github } = world.nofx;
  const { supabase } = world;
  let [requests, toGitHub, isCounting] = [0, 0, true];
  github.failNext({ path: /./, status: 0, strikes: () => isCounting && ((toGitHub += 1), false) });
  await run(
    watched(world, (send) => {
      [requests, toGitHub] = [requests + 1, 0];
      return send();
    }),
  );
  isCounting = false;

  const answers: [string, Response][] = [];
  const look = async (send: Sending): Promise<Response> => {
    for (const [said, fault] of Object.entries(SAID)) {
      // One more than whoever knows the admin takes: what somebody may is asked of GitHub.
      for (let from = 0; from <= toGitHub; from += 1) {
        let [seen, isOn] = [0, true];
        github.failNext({ path: /./, times: Infinity, ...fault, strikes: () => isOn && seen++ >= from });
        const { key } = await world.newcomer();
        answers.push([`GitHub ${said}, from request ${from + 1} on`, await send(key)]);
        isOn = false;
      }
    }
    for (const [way, who] of Object.entries(await world.newcomer())) {
      supabase.setDown(true);
      answers.push([`Supabase is down, by ${way}`, await send(who)]);
      supabase.setDown(false);
    }
    return answers[0]![1];
  };
  let at = 0;
  await run(watched(world, (send) => ((at += 1) === requests ? look(send) : send())));
  return answers;
}

/** The world, whose requests are sent as `each` says. */
function watched(world: World, each: (send: Sending) => Promise<Response>): World {
  const send = (method: string, path: string, body?: unknown, headers: Who = world.admin) =>
    each((who = {}) => world.send(method, path, body, { ...headers, ...who }));
  return {
    ...world,
    send,
    get: (path, headers) => send('GET', path, undefined, headers),
    post: (path, body, headers) => send('POST', path, body, headers),
  };
}
