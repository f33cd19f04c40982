import type { AccountSection } from '../../auth/index.js';
import { type Html, html, table, time, when } from '../../platform/pages/index.js';
import { isFinished, type JobStatus } from '../job-status.js';
import type { JobView } from '../jobs.repository.js';

const STATUS_LABELS: Readonly<Record<JobStatus, string>> = {
  queued: 'Waiting',
  running: 'Running',
  succeeded: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
};
const COLUMNS = ['Job', 'Begun', 'State', 'Result'];

interface JobsSectionOptions {
  /** Newest first. */
  readonly jobs: readonly JobView[];
  /** Whether the member has no older jobs. */
  readonly isComplete: boolean;
  /** Whether results of a kind are available as CSV. */
  readonly hasCsv: (kind: string) => boolean;
}

/** The member's newest jobs on the account page. */
export function jobsSection({ jobs, isComplete, hasCsv }: JobsSectionOptions): AccountSection {
  const none = html`<p>None yet. A job runs in the background, such as predictions for a large file.</p>`;
  const more = html`<p>Older ones are at <a href="/jobs">/jobs</a>.</p>`;
  const rows = jobs.map((job) => renderCells(job, hasCsv(job.kind)));
  const shown = html`${table({ label: 'Jobs', columns: COLUMNS, rows })} ${when(!isComplete, more)}`;
  return { title: 'Jobs', content: jobs.length === 0 ? none : shown };
}

function renderCells(job: JobView, hasCsv: boolean): Html[] {
  const label = job.model === null ? job.kind : `${job.kind}: ${job.model} ${job.version ?? ''}`;
  return [html`${label}`, time(job.createdAt), renderState(job), renderResult(job, hasCsv), renderAction(job, label)];
}

function renderState({ status, done, total, errors, error }: JobView): Html {
  const summary = html`${STATUS_LABELS[status]}, ${String(done)} of ${String(total)}`;
  const failures = when(errors > 0, html`, ${String(errors)} with errors`);
  const bar = when(
    status === 'running',
    html` <progress aria-label="Progress" value="${String(done)}" max="${String(Math.max(total, 1))}"></progress>`,
  );
  const reason = error === null ? html`` : html`<br />${(JSON.parse(error) as { detail: string }).detail}`;
  return html`${summary}${failures}${bar}${reason}`;
}

function renderResult({ id, status }: JobView, hasCsv: boolean): Html {
  if (status !== 'succeeded') return html`–`;
  const csv = html`<a href="/jobs/${id}/result?format=csv" download>CSV</a>, `;
  return html`${when(hasCsv, csv)}<a href="/jobs/${id}/result?format=jsonl" download>JSON lines</a>`;
}

/** @param label names the job for users of a screen reader, who hear the button without its row */
function renderAction({ id, status, createdAt }: JobView, label: string): Html {
  const [verb, action] = isFinished(status) ? ['Remove', 'remove'] : ['Cancel', 'cancel'];
  return html`<form method="post" action="/account/jobs/${id}/${action}">
    <button class="button quiet small" type="submit">
      ${verb}<span class="visually-hidden"> the job ${label}, begun ${createdAt.toISOString()}</span>
    </button>
  </form>`;
}
