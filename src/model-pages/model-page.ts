import { loginPath } from '../auth/index.js';
import { type Html, html, notice, renderPage, time, when } from '../platform/pages/index.js';
import type { AccessDecision, ModelDto, ModelSummaryDto, Predictions, VersionDto } from '../inference/index.js';
import { answerMarkup } from './answer-markup.js';
import { type Asked, formMarkup, manyForm, problemMarkup } from './ask-markup.js';
import type { ModelForm } from './model-form.js';
import type { ModelReport } from './report/model-reports.js';
import { reportMarkup } from './report-markup.js';
import { inDigits, inWords } from './words.js';

/** What was sent, and what became of it. */
export interface Sent extends Partial<Pick<Asked, 'entered' | 'problem'>> {
  /** Whether it came by the form for many. */
  readonly isMany?: boolean;
  readonly answer?: Predictions;
}

/** What a model's page is made from. */
export interface ModelPageContent {
  readonly model: ModelDto;
  /** Undefined while nothing can be asked. */
  readonly form: ModelForm | undefined;
  /** The most rows that can be sent in a file. */
  readonly maxRows: number;
  readonly admission: AccessDecision;
  /** Undefined where that cannot be known just now. */
  readonly isMember: boolean | undefined;
  /** Undefined for those who may not see it. */
  readonly report: ModelReport | undefined;
  readonly sent?: Sent;
}

const STYLES = ['forms.css', 'model.css'];

/** A model: what it is, a form to ask it, and how it was judged. */
export function modelPage(content: ModelPageContent): string {
  const { model, isMember, sent, report } = content;
  const { name, description } = model;
  const outcome = sent?.problem ? 'Error: ' : sent?.answer ? 'Answer: ' : '';
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
        <div class="asking">${asking(content)}</div>
        ${factsOf(content)}
      </div>
      ${report ? reportMarkup(name, report) : html``}
    </div>`,
  });
}

/** All models there are. */
export function modelsPage(models: readonly ModelSummaryDto[], isMember: boolean | undefined): string {
  return renderPage({
    title: 'Models – Barista',
    description: 'The machine-learning models that can be asked here',
    styles: STYLES,
    path: '/models',
    isMember,
    content: html`<div class="panels">
      <h1>Models</h1>
      <ul class="models">
        ${models.map(modelCard)}
      </ul>
    </div>`,
  });
}

function asking(content: ModelPageContent): Html {
  const { model, form, maxRows, isMember, sent } = content;
  const closed = whyClosed(content);
  if (closed || !form) return html`${unplaced(content)} ${closed ?? html``}`;
  const part = sent?.isMany ? 'rows' : 'ask';
  const asked = { model: model.name, form, part, entered: sent?.entered, problem: sent?.problem } as const;
  const [one, many] = form.kind === 'image' ? ['Show it a picture', 'Many pictures'] : ['Ask it', 'Many rows at once'];
  const forMany = manyForm(model.name, form, maxRows, isMember === true);
  return html`${partMarkup('ask', one, formMarkup(asked), asked, sent)}
  ${partMarkup('rows', many, forMany, asked, sent)}`;
}

/** A form between what is wrong with what was sent and what was answered; a script fills in both, too. */
function partMarkup(part: Asked['part'], title: string, form: Html, asked: Asked, sent: Sent | undefined): Html {
  const isSent = asked.part === part;
  return html`<section class="panel" aria-labelledby="${part}-title">
    <h2 id="${part}-title">${title}</h2>
    <div id="${part}-problem">${isSent ? problemMarkup(asked) : html``}</div>
    ${form}
    <div id="${part}-answer" aria-live="polite">${isSent && sent?.answer ? answerMarkup(sent.answer) : html``}</div>
  </section>`;
}

/** Why there is no form, in words; undefined where there is one. */
function whyClosed({ model, form, admission }: ModelPageContent): Html | undefined {
  const { name, access, state, reason } = model;
  if (admission === 'login-required') {
    const whom = access === 'admin' ? 'administrators' : 'members';
    return html`<div class="notice">
      <p>
        This model is for ${whom}. <a href="${loginPath(`/models/${name}`)}">Log in</a> to ask it and to see its report.
      </p>
    </div>`;
  }
  if (admission === 'role-required') return notice('This model is for administrators.');
  if (form) return undefined;
  if (state === 'loading') return notice('This model is still loading. Reload the page in a moment.');
  return notice(reason === null ? 'This model is not loaded.' : `This model cannot be asked: ${reason}`);
}

/** A problem that no form is there for. */
function unplaced({ sent, admission }: ModelPageContent): Html {
  return sent?.problem && admission === 'granted' ? notice(sent.problem.detail, 'bad') : html``;
}

function factsOf({ model, form }: ModelPageContent): Html {
  const { versions, defaultVersion, state, access } = model;
  const isForUse = state === 'unloaded' && form !== undefined;
  const version = versions.find((candidate) => candidate.version === defaultVersion) ?? versions[0];
  return html`<section class="about" aria-labelledby="about-title">
    <h2 id="about-title">About it</h2>
    <dl class="facts">
      ${fact('State', html`<span class="state-${state}">${isForUse ? 'loads when it is first asked' : state}</span>`)}
      ${fact('For', html`${AUDIENCES[access] ?? access}`)} ${version ? versionFacts(version) : html``}
      ${when(versions.length > 1, fact('Versions', html`${versions.map((one) => one.version).join(', ')}`))}
    </dl>
    ${version ? metricsOf(version) : html``}
  </section>`;
}

const AUDIENCES: Readonly<Record<string, string>> = {
  public: 'everybody',
  member: 'members',
  admin: 'administrators',
};

function versionFacts({ version, trainedAt, sha256 }: VersionDto): Html[] {
  const trained = trainedAt === null ? undefined : new Date(trainedAt);
  const words = trained && Number.isFinite(trained.getTime()) ? time(trained) : html`${trainedAt ?? ''}`;
  return [
    fact('Version', html`${version}`),
    when(trained !== undefined, fact('Trained', words)),
    when(sha256 !== null, fact('SHA-256', html`<code>${sha256 ?? ''}</code>`)),
  ];
}

function metricsOf({ metrics }: VersionDto): Html {
  const entries = Object.entries(metrics);
  const measured = html`<h3>Measured when it was trained</h3>
    <dl class="facts">${entries.map(([name, value]) => fact(inWords(name), html`${inDigits(value)}`))}</dl>`;
  return when(entries.length > 0, measured);
}

function fact(name: string, value: Html): Html {
  return html`<dt>${name}</dt>
    <dd>${value}</dd> `;
}

function modelCard({ name, description, state, defaultVersion }: ModelSummaryDto): Html {
  const version = defaultVersion === null ? '' : `, version ${defaultVersion}`;
  return html`<li>
    <h2><a href="/models/${name}">${name}</a></h2>
    <p>${description}</p>
    <p class="hint"><span class="state-${state}">${state}</span>${version}</p>
  </li>`;
}
