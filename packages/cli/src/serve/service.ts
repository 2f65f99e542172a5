import type { ChatTemplate, Tokenizer } from '@attune/hub';
import type { OpenModel } from '@attune/inference';
import type { sequenceClassificationTask } from '@attune/tasks';
import type { JobQueue } from './job-queue.js';
import type { Limits } from './limits.js';
import type { SchemaGrammars } from './schema-grammars.js';
import type { ServedModels } from './served-models.js';

export type Classifier = OpenModel<(typeof sequenceClassificationTask)['name']>;

/** What the endpoints answer with. */
export interface Service {
  readonly models: ServedModels;
  readonly queue: JobQueue;
  readonly limits: Limits;
  /** The model, if it is one for classes of texts. */
  readonly classifier: Classifier | undefined;
  readonly tokenizer: Tokenizer;
  /** The tokens of a prompt that is gone on from. */
  promptTokens(text: string): Promise<readonly number[]>;
  readonly grammars: SchemaGrammars;
  /** Undefined for a model without a template. */
  readonly template: ChatTemplate | undefined;
  /** Seconds since 1970 when the server was started. */
  readonly created: number;
}

/** What an endpoint answers: at once, or piece by piece, which it sends itself. */
export type Answer = Readonly<Record<string, unknown>> | undefined;

/** The answer of one request on its way. */
export interface Exchange {
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  /** Sends an event of a stream. */
  send(event: Readonly<Record<string, unknown>> | '[DONE]'): void;
}

export type Endpoint = (body: unknown, service: Service, exchange: Exchange) => Promise<Answer>;
