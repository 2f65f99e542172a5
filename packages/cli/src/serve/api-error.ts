import { type ErrorCode, isAttuneError } from '@attune/ir';

/** An error as the OpenAI API gives it. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  /** The field of the request. */
  readonly param: string | null;

  constructor(status: number, code: string, message: string, param: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
  }

  get body() {
    const { message, param, code } = this;
    return { error: { message, type: types[this.status] ?? 'invalid_request_error', param, code } };
  }
}

const types: Readonly<Record<number, string>> = {
  404: 'not_found_error',
  429: 'rate_limit_error',
  500: 'server_error',
  503: 'server_error',
};

/** Faults of what a request asks for. */
const ofRequests: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'E_CONFIG',
  'E_DATA',
  'E_MODEL_UNSUPPORTED',
  'E_MODEL_UNTRAINED',
  'E_SCHEMA',
  'E_TEMPLATE',
  'E_TEMPLATE_BUDGET',
  'E_TOKENIZER_BUDGET',
  'E_TOO_LONG',
]);

/** What a client is told: nothing of the inside but Attune's own sentences. */
export function apiErrorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (!isAttuneError(error)) return new ApiError(500, 'internal_error', 'The server failed.');
  const { code, message, hint, field } = error;
  return new ApiError(
    ofRequests.has(code) ? 400 : 500,
    code,
    hint === undefined ? message : `${message} ${hint}`,
    field ?? null,
  );
}
