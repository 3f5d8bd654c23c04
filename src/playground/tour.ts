import { follow, headline, newestAnswer, showResult } from './narrate.ts';
import type { Playground } from './playground.ts';
import { sampleFiles } from './sample.ts';
import { REVIEWED } from './tour-script.ts';

type Say = (line: string) => void;

const repo = 'acme/text-kit';
const by = 'mona';

/** Plays the longer story: plan, approval, a failing test that is mended, a pull request, a review that is heeded. */
export async function tour(playground: Playground, say: Say): Promise<boolean> {
  const { github } = playground;
  await github.createRepository({
    owner: 'acme',
    name: 'text-kit',
    files: await sampleFiles(),
    collaborators: { [by]: 'write' },
  });
  const { number: issue } = await github.openIssue({ repo, title: 'Add a slugify helper', body: '', by });
  const ask = async (body: string) => {
    say(`\n${by} comments:  ${body}\n`);
    await github.comment({ repo, issue, body, by });
  };

  say(headline('1. a plan, before anything is done'));
  await ask('/nofx plan add a slugify helper with tests');
  let told = await follow(playground, say);
  const plan = newestAnswer(playground, repo, issue);
  say(`\n${plan}`);
  const hash = /\/nofx approve ([0-9a-f]{8,})/.exec(plan)?.[1];
  if (hash === undefined) return false;

  say(headline('2. the yes, to this very plan; a test fails, and is mended'));
  await ask(`/nofx approve ${hash}`);
  told = await follow(playground, say, told);
  if (!(await showResult(playground, { repo, issue }, say))) return false;

  say(headline('3. a review'));
  const pull = github.pullRequests(repo).at(-1)!.number;
  const body = '/nofx cut it at 60 characters, please';
  say(`\n${by} comments beside ${REVIEWED.path}:${REVIEWED.line} of #${pull}:  ${body}\n`);
  await github.reviewComment({ repo, pull, ...REVIEWED, body, by });
  await follow(playground, say, told);
  const answer = github.reviewComments(repo, pull).at(-1)!;
  say(headline('the answer, in the same thread'));
  say(answer.body.replace(/<!--.*?-->\n?/gs, '').trim());
  say(headline(`#${pull}, with one commit more`));
  for (const file of await github.files(repo, pull))
    say(`${file.status}: ${file.filename}\n${file.patch ?? '(binary)'}\n`);
  return answer.user.login.endsWith('[bot]');
}
