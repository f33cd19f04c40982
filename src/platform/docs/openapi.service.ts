import { createHash } from 'node:crypto';
import { type INestApplication, Injectable, type Type } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { ProblemDto } from '../http/index.js';
import { documentCommonResponses } from './common-responses.js';

type Contribution = (document: OpenAPIObject) => void;

export interface RenderedDocument {
  readonly json: string;
  readonly etag: string;
  /** `components.schemas` of the document. */
  readonly schemas: Readonly<Record<string, object>>;
}

/**
 * Builds the OpenAPI document from the controllers and from contributions of features, such as an endpoint for each model that is
 * known only at run time. It is built on first use, and again after `invalidate`.
 */
@Injectable()
export class OpenApiService {
  private readonly contributions: Contribution[] = [];
  private readonly models: Type[] = [ProblemDto];
  private app: INestApplication | undefined;
  private rendered: RenderedDocument | undefined;

  /** Adds a function that changes the document each time it is built. */
  contribute(contribution: Contribution): void {
    this.contributions.push(contribution);
    this.invalidate();
  }

  /** Adds schemas of DTO classes that no controller uses, for contributions to refer to. */
  addModels(types: readonly Type[]): void {
    this.models.push(...types);
    this.invalidate();
  }

  /** Must be called when the result of a contribution changes. */
  invalidate(): void {
    this.rendered = undefined;
  }

  attach(app: INestApplication): void {
    this.app = app;
  }

  render(): RenderedDocument {
    this.rendered ??= this.build();
    return this.rendered;
  }

  /** The schema of a DTO class in the document. */
  schemaOf(type: Type): object | undefined {
    return this.render().schemas[type.name];
  }

  private build(): RenderedDocument {
    if (!this.app) throw new Error('The OpenAPI document was requested before the application was configured');
    const document = SwaggerModule.createDocument(this.app, baseDocument(), {
      extraModels: this.models,
      operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
    });
    for (const contribute of this.contributions) contribute(document);
    documentCommonResponses(document);
    const json = JSON.stringify(document);
    const schemas = document.components?.schemas ?? {};
    return { json, schemas, etag: `"${createHash('sha256').update(json).digest('base64url').slice(0, 22)}"` };
  }
}

function baseDocument(): Omit<OpenAPIObject, 'paths'> {
  return new DocumentBuilder()
    .setTitle('Barista')
    .setDescription(
      'A product and its machine-learning models behind one login. Sign up, log in, and try anything here.',
    )
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/')
    .addCookieAuth('barista.sid', { type: 'apiKey', in: 'cookie', name: 'barista.sid' }, 'session')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'opaque', description: 'An API key' }, 'api-key')
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', bearerFormat: 'opaque', description: 'METRICS_TOKEN' },
      'metrics-token',
    )
    .addTag('auth', 'Members, sessions and API keys')
    .addTag('menus', 'The catalogue')
    .addTag('predictions', 'Models and their predictions')
    .addTag('open-inference', 'The same models for clients of Triton and KServe: the Open Inference Protocol')
    .addTag('system', 'Health and metrics')
    .build();
}
