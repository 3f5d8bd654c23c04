/** The adapter to GitHub, both ways. It knows nothing of runs. */
export { createGitHub } from './github.ts';
export { installedOn } from './installed.ts';
export { openProbot } from './probot.ts';
export { toDomainEvent } from './events.ts';
