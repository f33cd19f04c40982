import { loginPath } from '../auth/index.js';
import { type Html, html, notice, renderPage, time, when } from '../platform/pages/index.js';
import type { AccessDecision, ModelDto, ModelSummaryDto, VersionDto } from '../inference/index.js';
import { formatLabel, formatNumber } from './format.js';
import type { ModelForm } from './model-form.js';
import { type FormId, type FormState, renderBatchForm, renderProblem, renderRowForm } from './render-forms.js';
import { renderPredictions } from './render-predictions.js';
import { renderReport } from './render-report.js';
import type { ModelReport } from './report/model-reports.js';

/** The data of a model's page. */
export interface ModelPageContent {
  readonly model: ModelDto;
  /** Undefined while the model cannot predict. */
  readonly form: ModelForm | undefined;
  /** Most rows of a file. */
  readonly maxRows: number;
  readonly accessDecision: AccessDecision;
  /** Undefined if the database is not available. */
  readonly isMember: boolean | undefined;
  /** Undefined for visitors who may not use the model. */
  readonly report: ModelReport | undefined;
  /** Undefined unless a form was submitted. */
  readonly state?: FormState;
}

const STYLES = ['forms.css', 'model.css'];

/** Renders the page of a model: forms to predict, facts about it, and its report. */
export function renderModelPage(content: ModelPageContent): string {
  const { model, isMember, state, report } = content;
  const { name, description } = model;
  const outcome = state?.problem ? 'Error: ' : state?.predictions ? 'Prediction: ' : '';
  return renderPage({
    title: `${outcome}${name} – Barista`,
    ...(description === '' ? {} : { description }),
    styles: STYLES,
    scripts: ['model.js'],
    isMember,
    content: html`<div class="panels">
      <p class="back"><a href="/models">All models</a></p>
      <h1>${name}</h1>
      ${when(description !== '', html`<p class="lead">${description}</p>`)}
      <div class="model">
        <div class="asking">${renderForms(content)}</div>
        ${renderFacts(content)}
      </div>
      ${report ? renderReport(name, report) : html``}
    </div>`,
  });
}

/** Renders the list of all models. */
export function renderModelsPage(models: readonly ModelSummaryDto[], isMember: boolean | undefined): string {
  return renderPage({
    title: 'Models – Barista',
    description: 'The machine-learning models of this application',
    styles: STYLES,
    path: '/models',
    isMember,
    content: html`<div class="panels">
      <h1>Models</h1>
      <ul class="models">
        ${models.map(renderModelCard)}
      </ul>
    </div>`,
  });
}

function renderForms(content: ModelPageContent): Html {
  const { model, form, maxRows, isMember, state = { submitted: 'ask' } } = content;
  const unavailable = renderUnavailable(content);
  if (unavailable || !form) return html`${renderProblemNotice(content)} ${unavailable ?? html``}`;
  const [one, many] = form.kind === 'image' ? ['One picture', 'Many pictures'] : ['One row', 'Many rows'];
  const rowForm = renderRowForm(model.name, form, state);
  const batchForm = renderBatchForm(model.name, form, maxRows, isMember === true);
  return html`${renderPanel('ask', one, rowForm, form, state)} ${renderPanel('rows', many, batchForm, form, state)}`;
}

/** A form between its error summary and its predictions. `model.js` replaces the content of both elements, by their ids. */
function renderPanel(id: FormId, title: string, markup: Html, form: ModelForm, state: FormState): Html {
  const isSubmitted = state.submitted === id;
  const problem = isSubmitted ? renderProblem(form, state) : html``;
  const result = isSubmitted && state.predictions ? renderPredictions(state.predictions) : html``;
  return html`<section class="panel" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    <div id="${id}-problem">${problem}</div>
    ${markup}
    <div id="${id}-answer" aria-live="polite">${result}</div>
  </section>`;
}

/** The reason why the page has no form; undefined if it has one. */
function renderUnavailable({ model, form, accessDecision }: ModelPageContent): Html | undefined {
  const { name, access, state, reason } = model;
  if (accessDecision === 'login-required') {
    const audience = access === 'admin' ? 'administrators' : 'members';
    return html`<div class="notice">
      <p>
        This model is for ${audience}. <a href="${loginPath(`/models/${name}`)}">Log in</a> to use it and to see its
        report.
      </p>
    </div>`;
  }
  if (accessDecision === 'role-required') return notice('This model is for administrators.');
  if (form) return undefined;
  if (state === 'loading') return notice('This model is still loading. Reload the page in a moment.');
  return notice(reason === null ? 'This model is not loaded.' : `This model cannot be used: ${reason}`);
}

/** The problem on a page without a form. */
function renderProblemNotice({ state, accessDecision }: ModelPageContent): Html {
  return state?.problem && accessDecision === 'granted' ? notice(state.problem.detail, 'bad') : html``;
}

function renderFacts({ model, form }: ModelPageContent): Html {
  const { versions, defaultVersion, state, access } = model;
  const loadsOnRequest = state === 'unloaded' && form !== undefined;
  const version = versions.find((candidate) => candidate.version === defaultVersion) ?? versions[0];
  return html`<section class="about" aria-labelledby="about-title">
    <h2 id="about-title">About this model</h2>
    <dl class="facts">
      ${renderFact('State', html`<span class="state-${state}">${loadsOnRequest ? 'loads on first request' : state}</span>`)}
      ${renderFact('Access', html`${AUDIENCES[access] ?? access}`)} ${version ? renderVersionFacts(version) : html``}
      ${when(versions.length > 1, renderFact('Versions', html`${versions.map(formatVersion).join(', ')}`))}
    </dl>
    ${version ? renderMetrics(version) : html``}
  </section>`;
}

function formatVersion({ version, candidate }: VersionDto): string {
  return candidate ? `${version} (candidate)` : version;
}

const AUDIENCES: Readonly<Record<string, string>> = {
  public: 'everybody',
  member: 'members',
  admin: 'administrators',
};

function renderVersionFacts({ version, trainedAt, sha256 }: VersionDto): Html[] {
  const trained = trainedAt === null ? undefined : new Date(trainedAt);
  const date = trained && Number.isFinite(trained.getTime()) ? time(trained) : html`${trainedAt ?? ''}`;
  return [
    renderFact('Version', html`${version}`),
    when(trained !== undefined, renderFact('Trained', date)),
    when(sha256 !== null, renderFact('SHA-256', html`<code>${sha256 ?? ''}</code>`)),
  ];
}

function renderMetrics({ metrics }: VersionDto): Html {
  const entries = Object.entries(metrics);
  const list = html`<h3>Metrics from training</h3>
    <dl class="facts">
      ${entries.map(([name, value]) => renderFact(formatLabel(name), html`${formatNumber(value)}`))}
    </dl>`;
  return when(entries.length > 0, list);
}

function renderFact(name: string, value: Html): Html {
  return html`<dt>${name}</dt>
    <dd>${value}</dd> `;
}

function renderModelCard({ name, description, state, defaultVersion }: ModelSummaryDto): Html {
  const version = defaultVersion === null ? '' : `, version ${defaultVersion}`;
  return html`<li>
    <h2><a href="/models/${encodeURIComponent(name)}">${name}</a></h2>
    <p>${description}</p>
    <p class="hint"><span class="state-${state}">${state}</span>${version}</p>
  </li>`;
}
