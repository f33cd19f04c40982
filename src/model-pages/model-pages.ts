import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { PageAuthentication } from '../auth/index.js';
import { OpenApiService } from '../platform/docs/index.js';
import {
  type FormattedError,
  prefersHtml,
  type Problem,
  ProblemFilter,
  UploadedFiles,
} from '../platform/http/index.js';
import { toFormattedError, renderErrorPage, HTML_MEDIA_TYPE } from '../platform/pages/index.js';
import { type JsonSchema, type Model, ModelStore, ServingSettings } from '../serving/index.js';
import {
  acceptsModelRows,
  describeModel,
  ModelAccess,
  type ModelViews,
  parseRowOrInstances,
  PipelineRegistry,
  type PredictionBody,
  type PredictionContext,
  PredictionsService,
  schemasOf,
  summarize,
} from '../inference/index.js';
import { formOf, type ModelForm } from './model-form.js';
import { type ModelPageContent, modelPage, modelsPage, type Sent } from './model-page.js';
import { csvOf } from './answer-csv.js';
import { AS_FIELD, textsOf, valuesOf } from './read-form.js';
import { ModelReports } from './report/model-reports.js';

/** Characters; more is not sent back to be sent again. */
const MAX_ENTERED = 2 ** 20;
const CSV = 'text/csv; charset=utf-8';

type Texts = Readonly<Record<string, string>>;

/** The pages of models, for browsers. */
@Injectable()
export class ModelPages implements ModelViews {
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
    return prefersHtml(request) ? this.listPage(request, response) : undefined;
  }

  show(model: Model, request: Request, response: Response): Promise<string> | undefined {
    return prefersHtml(request) ? this.showPage(model, request, response) : undefined;
  }

  /** Renders the page with the predictions for the values of its form, or a file of them. Rejects as a prediction does. */
  predict(model: Model, body: unknown, context: PredictionContext): Promise<string> | undefined {
    return isOfPage(context.request) ? this.predictPage(model, body, context) : undefined;
  }

  /** Shows an error on the page of the model: the values that were entered stay, and errors are shown at their fields. */
  respondToError(error: unknown, request: Request, response: Response): boolean {
    if (!isOfPage(request)) return false;
    const plainPage = (problem: Problem): FormattedError => {
      return toFormattedError(problem, renderErrorPage(problem, request.requestId));
    };
    this.pageForError(request, response)
      .then((page) => this.problems.answer(error, request, response, page ?? plainPage))
      .catch((failure: unknown) => this.problems.answer(failure, request, response, plainPage));
    return true;
  }

  private async listPage(request: Request, response: Response): Promise<string> {
    const isMember = await this.pageAuthentication.isLoggedIn({ request, response });
    return asPage(modelsPage(this.store.all().map(summarize), isMember), response);
  }

  private async showPage(model: Model, request: Request, response: Response): Promise<string> {
    return asPage(await this.pageOf(model, request, response), response);
  }

  private async predictPage(model: Model, sent: unknown, context: PredictionContext): Promise<string> {
    const { request, response } = context;
    const { value, isForm, isDownload = false } = this.read(model, sent);
    const answer = await this.predictions.predict({
      value,
      parse: parseRowOrInstances,
      context: { ...context, isForm },
    });
    if (isDownload) return asDownload(csvOf(answer, model.manifest.labels), model.name, response);
    return asPage(await this.pageOf(model, request, response, { ...sentIn(sent), answer }), response);
  }

  /** Undefined where the request names no model that there is. */
  private async pageForError(
    request: Request,
    response: Response,
  ): Promise<((problem: Problem) => FormattedError) | undefined> {
    const { name } = request.params;
    const model = this.store.all().find((candidate) => candidate.name === name);
    if (!model) return undefined;
    const content = await this.contentOf(model, request, response);
    return (problem) => {
      return toFormattedError(problem, modelPage({ ...content, sent: { ...sentIn(request.body), problem } }));
    };
  }

  private async pageOf(model: Model, request: Request, response: Response, sent?: Sent): Promise<string> {
    return modelPage({ ...(await this.contentOf(model, request, response)), sent });
  }

  private async contentOf(model: Model, request: Request, response: Response): Promise<ModelPageContent> {
    const isMember = await this.pageAuthentication.isLoggedIn({ request, response });
    const admission = await this.access.decide(model, request, response);
    const report = admission === 'granted' ? await this.reports.of(model.name) : undefined;
    const form = this.formFor(model);
    const { rows: maxRows } = this.settings.limits;
    return { model: describeModel(model), form, maxRows, admission, isMember, report };
  }

  /** Undefined while it is not known what the model takes. */
  private formFor(model: Model): ModelForm | undefined {
    const { manifest } = model.defaultVersion ?? model;
    if (model.state !== 'ready' && !model.loadsOnDemand) return undefined;
    if (manifest.input) return { kind: 'image', channels: 3, ...manifest.input.image };
    const input = this.pipelines.find(model.name)?.metadata.input;
    if (input) return formOf((this.openApi.schemaOf(input) ?? {}) as JsonSchema, undefined);
    const schemas = schemasOf(model);
    return schemas && formOf(schemas.input, schemas.example, manifest.features);
  }

  private read(model: Model, sent: unknown): PredictionBody & { isDownload?: boolean } {
    if (sent instanceof UploadedFiles) {
      const { [AS_FIELD]: as, ...fields } = sent.fields;
      const isKnown = as === 'csv' || as === 'page';
      return {
        value: isKnown ? new UploadedFiles(sent.files, fields) : sent,
        isForm: false,
        isDownload: as === 'csv',
      };
    }
    const entered = textsIn(sent);
    const form = this.formFor(model);
    // Of a model that cannot be asked: the prediction says why.
    if (!form) return { value: entered, isForm: acceptsModelRows(this.pipelines.find(model.name)) };
    const isRow = form.kind === 'fields' && acceptsModelRows(this.pipelines.find(model.name));
    return isRow ? { value: textsOf(form, entered), isForm: true } : { value: valuesOf(form, entered), isForm: false };
  }
}

function asDownload(csv: string, model: string, response: Response): string {
  response.set({ 'Content-Type': CSV, 'Content-Disposition': `attachment; filename="${model}-answers.csv"` });
  return csv;
}

function asPage(page: string, response: Response): string {
  response.vary('Accept');
  response.setHeader('Content-Type', HTML_MEDIA_TYPE);
  return page;
}

/** What a form was filled in with; a form without a field has no body. */
function textsIn(body: unknown): Texts {
  return (body ?? {}) as Texts;
}

function sentIn(body: unknown): Sent {
  if (body instanceof UploadedFiles) return { isMany: Object.hasOwn(body.fields, AS_FIELD) };
  if (typeof body !== 'object' || body === null) return {};
  const length = Object.values(body).reduce<number>((sum, text) => sum + String(text).length, 0);
  return { entered: length > MAX_ENTERED ? {} : (body as Texts) };
}

/** Whether a request is for a page, or comes from a form on one. */
function isOfPage(request: Request): boolean {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  return (isRead || isForm(request)) && prefersHtml(request);
}

function isForm({ headers }: Request): boolean {
  return /^(?:application\/x-www-form-urlencoded|multipart\/form-data)\b/i.test(headers['content-type'] ?? '');
}
