import type { AccountSection } from '../../auth/index.js';
import { type Html, html, table, time, when } from '../../platform/pages/index.js';
import { isOpen, type JobStatus } from '../job-status.js';
import type { JobView } from '../jobs.repository.js';

const WORDS: Readonly<Record<JobStatus, string>> = {
  queued: 'Waiting',
  running: 'Running',
  succeeded: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
};
const COLUMNS = ['Job', 'Begun', 'State', 'Result'];

interface ShownJobs {
  /** The newest first. */
  readonly jobs: readonly JobView[];
  /** Whether there are no older ones. */
  readonly isAll: boolean;
  /** Whether what jobs of a kind have made can be had as CSV. */
  readonly hasCsv: (kind: string) => boolean;
}

/** A member's newest jobs, on their account page. */
export function jobsSection({ jobs, isAll, hasCsv }: ShownJobs): AccountSection {
  const none = html`<p>None yet. A job does what takes longer than a request: predictions for a large file, say.</p>`;
  const more = html`<p>Older ones are at <a href="/jobs">/jobs</a>.</p>`;
  const rows = jobs.map((job) => cellsOf(job, hasCsv(job.kind)));
  const shown = html`${table({ label: 'Jobs', columns: COLUMNS, rows })} ${when(!isAll, more)}`;
  return { title: 'Jobs', content: jobs.length === 0 ? none : shown };
}

function cellsOf(job: JobView, hasCsv: boolean): Html[] {
  const what = job.model === null ? job.kind : `${job.kind}: ${job.model} ${job.version ?? ''}`;
  return [html`${what}`, time(job.createdAt), stateOf(job), resultOf(job, hasCsv), endButton(job, what)];
}

function stateOf({ status, done, total, errors, error }: JobView): Html {
  const words = html`${WORDS[status]}, ${String(done)} of ${String(total)}`;
  const failures = when(errors > 0, html`, ${String(errors)} with errors`);
  const bar = when(
    status === 'running',
    html` <progress aria-label="Progress" value="${String(done)}" max="${String(Math.max(total, 1))}"></progress>`,
  );
  const reason = error === null ? html`` : html`<br />${(JSON.parse(error) as { detail: string }).detail}`;
  return html`${words}${failures}${bar}${reason}`;
}

function resultOf({ id, status }: JobView, hasCsv: boolean): Html {
  if (status !== 'succeeded') return html`–`;
  const csv = html`<a href="/jobs/${id}/result?format=csv" download>CSV</a>, `;
  return html`${when(hasCsv, csv)}<a href="/jobs/${id}/result?format=jsonl" download>JSON lines</a>`;
}

/** @param what it is, for those who hear the button without its row */
function endButton({ id, status, createdAt }: JobView, what: string): Html {
  const [verb, action] = isOpen(status) ? ['Cancel', 'cancel'] : ['Remove', 'remove'];
  return html`<form method="post" action="/account/jobs/${id}/${action}">
    <button class="button quiet small" type="submit">
      ${verb}<span class="visually-hidden"> the job ${what}, begun ${createdAt.toISOString()}</span>
    </button>
  </form>`;
}
