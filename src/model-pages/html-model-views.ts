import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { PageAuthentication } from '../auth/index.js';
import { OpenApiService } from '../platform/docs/index.js';
import { type FormattedError, type Problem, ProblemFilter, UploadedFiles } from '../platform/http/index.js';
import { HTML_MEDIA_TYPE, renderErrorPage, toFormattedError } from '../platform/pages/index.js';
import { type JsonSchema, type Model, ModelStore, ServingSettings } from '../serving/index.js';
import {
  describeModel,
  parseRowOrInstances,
  ModelAccess,
  type ModelViews,
  PipelineRegistry,
  type PredictionBody,
  type PredictionContext,
  type Predictions,
  PredictionsService,
  schemasOf,
  summarizeModel,
  acceptsModelRows,
} from '../inference/index.js';
import { toResultLine, ResultTable } from '../prediction-jobs/index.js';
import { wantsHtml } from './content-negotiation.js';
import { parseValues, RESPONSE_FORMAT_FIELD, submittedTexts } from './form-values.js';
import { buildForm, type ModelForm } from './model-form.js';
import type { FormState } from './render-forms.js';
import { type ModelPageContent, renderModelPage, renderModelsPage } from './render-model-page.js';
import { ModelReports } from './report/model-reports.js';

/** Characters. Longer input is not repeated in the form. */
const MAX_ENTERED = 2 ** 20;
const CSV_MEDIA_TYPE = 'text/csv; charset=utf-8';

type Texts = Readonly<Record<string, string>>;

/** Renders the models as HTML pages for browsers; `wantsHtml` decides which requests get one. */
@Injectable()
export class HtmlModelViews implements ModelViews {
  constructor(
    private readonly store: ModelStore,
    private readonly predictions: PredictionsService,
    private readonly pipelines: PipelineRegistry,
    private readonly access: ModelAccess,
    private readonly reports: ModelReports,
    private readonly pageAuthentication: PageAuthentication,
    private readonly openApi: OpenApiService,
    private readonly problems: ProblemFilter,
    private readonly settings: ServingSettings,
  ) {}

  list(request: Request, response: Response): Promise<string> | undefined {
    return wantsHtml(request) ? this.renderList(request, response) : undefined;
  }

  show(model: Model, request: Request, response: Response): Promise<string> | undefined {
    return wantsHtml(request) ? this.renderModel(model, request, response) : undefined;
  }

  /** Predicts the submitted row or file. Rejects as a prediction does; `respondToError` then shows the error on the page. */
  predict(model: Model, body: unknown, context: PredictionContext): Promise<string> | undefined {
    return wantsHtml(context.request) ? this.predictAndRender(model, body, context) : undefined;
  }

  /** Responds with the page of the model: the fields keep their values, and errors are shown at the fields. */
  respondToError(error: unknown, request: Request, response: Response): boolean {
    if (!wantsHtml(request)) return false;
    const errorPage = (problem: Problem): FormattedError => {
      return toFormattedError(problem, renderErrorPage(problem, request.requestId));
    };
    this.errorFormat(request, response)
      .then((modelPage) => this.problems.answer(error, request, response, modelPage ?? errorPage))
      .catch((failure: unknown) => this.problems.answer(failure, request, response, errorPage));
    return true;
  }

  private async renderList(request: Request, response: Response): Promise<string> {
    const isMember = await this.pageAuthentication.isLoggedIn({ request, response });
    return asHtml(renderModelsPage(this.store.all().map(summarizeModel), isMember), response);
  }

  private async renderModel(model: Model, request: Request, response: Response, state?: FormState): Promise<string> {
    return asHtml(renderModelPage({ ...(await this.contentOf(model, request, response)), state }), response);
  }

  private async predictAndRender(model: Model, body: unknown, context: PredictionContext): Promise<string> {
    const { request, response } = context;
    const { value, isForm, isDownload = false } = this.parseBody(model, body);
    const predictions = await this.predictions.predict({
      value,
      parse: parseRowOrInstances,
      context: { ...context, isForm },
    });
    if (isDownload) {
      const { labels } = model.version(predictions.version);
      return asDownload(formatCsv(predictions, labels), model.name, response);
    }
    return this.renderModel(model, request, response, { ...formStateOf(body), predictions });
  }

  /** Formats errors as the page of the requested model; undefined if it does not exist. */
  private async errorFormat(
    request: Request,
    response: Response,
  ): Promise<((problem: Problem) => FormattedError) | undefined> {
    const { name } = request.params;
    const model = this.store.all().find((candidate) => candidate.name === name);
    if (!model) return undefined;
    const content = await this.contentOf(model, request, response);
    return (problem) => {
      const state = { ...formStateOf(request.body), problem };
      return toFormattedError(problem, renderModelPage({ ...content, state }));
    };
  }

  private async contentOf(model: Model, request: Request, response: Response): Promise<ModelPageContent> {
    const isMember = await this.pageAuthentication.isLoggedIn({ request, response });
    const accessDecision = await this.access.decide(model, request, response);
    const report = accessDecision === 'granted' ? await this.reports.of(model.name) : undefined;
    const form = this.formFor(model);
    const { rows: maxRows } = this.settings.limits;
    return { model: describeModel(model), form, maxRows, accessDecision, isMember, report };
  }

  /** Undefined while the input of the model is not known. */
  private formFor(model: Model): ModelForm | undefined {
    const { manifest } = model.defaultVersion ?? model;
    if (model.state !== 'ready' && !model.loadsOnDemand) return undefined;
    if (manifest.input) return { kind: 'image', channels: 3, ...manifest.input.image };
    const input = this.pipelines.find(model.name)?.metadata.input;
    if (input) return buildForm((this.openApi.schemaOf(input) ?? {}) as JsonSchema, undefined);
    const schemas = schemasOf(model);
    return schemas && buildForm(schemas.input, schemas.example, manifest.features);
  }

  private parseBody(model: Model, body: unknown): PredictionBody & { isDownload?: boolean } {
    if (body instanceof UploadedFiles) {
      const { [RESPONSE_FORMAT_FIELD]: format, ...fields } = body.fields;
      const isKnown = format === 'csv' || format === 'page';
      return {
        value: isKnown ? new UploadedFiles(body.files, fields) : body,
        isForm: false,
        isDownload: format === 'csv',
      };
    }
    const entered = textsIn(body);
    const form = this.formFor(model);
    // A model without a form is not ready: the prediction fails with the reason.
    if (!form) return { value: entered, isForm: acceptsModelRows(this.pipelines.find(model.name)) };
    const isForm = form.kind === 'fields' && acceptsModelRows(this.pipelines.find(model.name));
    return { value: isForm ? submittedTexts(form, entered) : parseValues(form, entered), isForm };
  }
}

/** Predictions in the format of a job's CSV result, with the number of each row in place of its input. */
function formatCsv({ predictions }: Predictions, labels: readonly string[] = []): string {
  const lines = predictions.map(toResultLine);
  const table = new ResultTable({ columns: ['row'], labels, hasErrors: false }, lines[0]);
  const rows = lines.map((_, index) => ({ row: index + 1 }));
  return table.header() + table.rows(rows, lines);
}

function asDownload(csv: string, model: string, response: Response): string {
  response.set({
    'Content-Type': CSV_MEDIA_TYPE,
    'Content-Disposition': `attachment; filename="${model}-answers.csv"`,
  });
  return csv;
}

function asHtml(page: string, response: Response): string {
  response.vary('Accept');
  response.setHeader('Content-Type', HTML_MEDIA_TYPE);
  return page;
}

/** The fields of a form. A form without fields has no body. */
function textsIn(body: unknown): Texts {
  return (body ?? {}) as Texts;
}

function formStateOf(body: unknown): FormState {
  if (body instanceof UploadedFiles) {
    return { submitted: Object.hasOwn(body.fields, RESPONSE_FORMAT_FIELD) ? 'rows' : 'ask' };
  }
  if (typeof body !== 'object' || body === null) return { submitted: 'ask' };
  const length = Object.values(body).reduce<number>((sum, text) => sum + String(text).length, 0);
  return { submitted: 'ask', entered: length > MAX_ENTERED ? {} : (body as Texts) };
}
