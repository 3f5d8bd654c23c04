/** The adapter to GitHub, both ways. It knows nothing of runs. */
export { createAppFromManifest } from './app-manifest.ts';
export { createGitHub } from './github.ts';
export { installedOn } from './installed.ts';
export { personalOctokit } from './personal-octokit.ts';
export { openProbot } from './probot.ts';
export { KNOWN_EVENTS, toDomainEvent } from './events.ts';
