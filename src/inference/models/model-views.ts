import { type ArgumentsHost, Catch, type ExceptionFilter, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ProblemFilter } from '../../platform/http/index.js';
import type { Model } from '../../serving/index.js';
import type { PredictionCall } from '../predict/request.decorators.js';

/**
 * Pages that stand in for the JSON of models. The implementation decides which requests get one: `undefined` or `false`
 * means JSON.
 */
export interface ModelViews {
  list(request: Request, response: Response): Promise<string> | undefined;
  show(model: Model, request: Request, response: Response): Promise<string> | undefined;
  /** @param body of a form, or uploaded files */
  predict(model: Model, body: unknown, call: PredictionCall): Promise<string> | undefined;
  /** @returns whether it has responded to the request */
  respondToError(error: unknown, request: Request, response: Response): boolean;
}

/** Where a room that has pages for models registers them. Without one, every client gets JSON. */
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
