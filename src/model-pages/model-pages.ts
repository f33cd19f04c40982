import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Visitors } from '../auth/index.js';
import { OpenApi } from '../platform/docs/index.js';
import { type FormattedError, type Problem, UploadedFiles } from '../platform/http/index.js';
import { asErrorAnswer, HTML } from '../platform/pages/index.js';
import { InferenceSettings } from '../serving/serving.settings.js';
import { Pipelines } from '../inference/pipelines/pipelines.service.js';
import { describeModel, summarize } from '../inference/models/describe-model.js';
import { ModelAccess } from '../inference/access/model-access.js';
import { schemasOf } from '../inference/models/model-schemas.js';
import { itemsOfModelPredict, type PredictionBody, takesForms } from '../inference/inputs/prediction-input.js';
import { PredictionsService } from '../inference/predict/predictions.service.js';
import type { PredictionCall } from '../inference/predict/request.decorators.js';
import type { JsonSchema } from '../serving/signature/json-schema.js';
import type { Model } from '../serving/repository/model.js';
import { ModelStore } from '../serving/repository/model-store.js';
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
export class ModelPages {
  constructor(
    private readonly store: ModelStore,
    private readonly predictions: PredictionsService,
    private readonly pipelines: Pipelines,
    private readonly access: ModelAccess,
    private readonly reports: ModelReports,
    private readonly visitors: Visitors,
    private readonly openApi: OpenApi,
    private readonly settings: InferenceSettings,
  ) {}

  async list(request: Request, response: Response): Promise<string> {
    const isMember = await this.visitors.isMember({ request, response });
    return asPage(modelsPage(this.store.all().map(summarize), isMember), response);
  }

  async show(name: string, request: Request, response: Response): Promise<string> {
    return asPage(await this.pageOf(this.store.get(name), request, response), response);
  }

  /** The page again, with the answer to what its form was filled in with, or that as a file. Rejects as a prediction does. */
  async predict(name: string, sent: unknown, call: PredictionCall): Promise<string> {
    const { request, response } = call;
    const model = this.store.get(name);
    const { value, isForm, isDownload = false } = this.read(model, sent);
    const itemsOf = itemsOfModelPredict;
    const answer = await this.predictions.predict({ model: name, value, itemsOf, call: { ...call, isForm } });
    if (isDownload) return asDownload(csvOf(answer, model.manifest.labels), name, response);
    return asPage(await this.pageOf(model, request, response, { ...sentIn(sent), answer }), response);
  }

  /**
   * Prepares the page that says what went wrong with a model: what was filled in stays, and errors stand at their fields.
   * Undefined where it is no model that there is.
   */
  async forProblem(request: Request, response: Response): Promise<((problem: Problem) => FormattedError) | undefined> {
    const { name } = request.params;
    const model = this.store.all().find((candidate) => candidate.name === name);
    if (!model) return undefined;
    const content = await this.contentOf(model, request, response);
    return (problem) => {
      return asErrorAnswer(problem, modelPage({ ...content, sent: { ...sentIn(request.body), problem } }));
    };
  }

  private async pageOf(model: Model, request: Request, response: Response, sent?: Sent): Promise<string> {
    return modelPage({ ...(await this.contentOf(model, request, response)), sent });
  }

  private async contentOf(model: Model, request: Request, response: Response): Promise<ModelPageContent> {
    const isMember = await this.visitors.isMember({ request, response });
    const admission = await this.access.admissionTo(model, request, response);
    const report = admission === 'admitted' ? await this.reports.of(model.name) : undefined;
    const form = this.formFor(model);
    const { rows: maxRows } = this.settings.limits;
    return { model: describeModel(model), form, maxRows, admission, isMember, report };
  }

  /** Undefined while it is not known what the model takes. */
  private formFor(model: Model): ModelForm | undefined {
    const { manifest } = model.serving ?? model;
    if (model.state !== 'ready' && !model.loadsOnUse) return undefined;
    if (manifest.input) return { kind: 'image', channels: 3, ...manifest.input.image };
    const input = this.pipelines.of(model.name)?.metadata.input;
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
    if (!form) return { value: entered, isForm: takesForms(this.pipelines.of(model.name)) };
    const isRow = form.kind === 'fields' && takesForms(this.pipelines.of(model.name));
    return isRow ? { value: textsOf(form, entered), isForm: true } : { value: valuesOf(form, entered), isForm: false };
  }
}

function asDownload(csv: string, model: string, response: Response): string {
  response.set({ 'Content-Type': CSV, 'Content-Disposition': `attachment; filename="${model}-answers.csv"` });
  return csv;
}

function asPage(page: string, response: Response): string {
  response.vary('Accept');
  response.setHeader('Content-Type', HTML);
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
