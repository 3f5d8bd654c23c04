/** Everything NOFX says about a run, as pure markdown. */
export { commentMarker, renderComment, saysEnd } from './report-comment.ts';
export { renderCheck, renderGateCheck } from './report-check.ts';
export type { CheckOutput } from './report-check.ts';
export { REBASE_BOX, renderPullRequestBody } from './report-pull-request.ts';
export { renderConfig } from './report-config.ts';
export { renderHelp, renderProblem, renderRefusal } from './report-replies.ts';
export { renderStatus } from './report-status.ts';
export { isRed } from './report-words.ts';
export type { FileView, GateView, PlanView, Question, RunView, StepView } from './report-view.ts';
