import { type ArgumentsHost, Catch, type ExceptionFilter, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ProblemFilter } from '../../platform/http/index.js';
import type { Model } from '../../serving/index.js';
import type { PredictionContext } from '../predict/predictions.service.js';

/**
 * Pages that stand in for the JSON of models. The implementation decides which requests get one: `undefined` or `false`
 * means JSON.
 */
export interface ModelViews {
  list(request: Request, response: Response): Promise<string> | undefined;
  show(model: Model, request: Request, response: Response): Promise<string> | undefined;
  /** @param body the fields of a form, or `UploadedFiles` */
  predict(model: Model, body: unknown, context: PredictionContext): Promise<string> | undefined;
  /** @returns whether it has responded to the request */
  respondToError(error: unknown, request: Request, response: Response): boolean;
}

/** Holds the pages of models, once a module has registered some. Without them, every client gets JSON. */
@Injectable()
export class ModelViewsRegistry {
  views: ModelViews | undefined;

  register(views: ModelViews): void {
    this.views = views;
  }
}

/** Responds to errors with a page where the views have one for the request. */
@Catch()
export class ModelViewsFilter implements ExceptionFilter {
  constructor(
    private readonly problems: ProblemFilter,
    private readonly registry: ModelViewsRegistry,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const [request, response] = [http.getRequest<Request>(), http.getResponse<Response>()];
    if (this.registry.views?.respondToError(error, request, response)) return;
    this.problems.answer(error, request, response);
  }
}
