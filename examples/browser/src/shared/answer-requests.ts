import { isAttuneError } from '@attune/ir';

/** Has the worker do what the page asks; what goes wrong is reported as `failed`. */
export function answerRequests<Request>(handle: (request: Request) => Promise<void>): void {
  addEventListener('message', ({ data }: MessageEvent<Request>) => {
    handle(data).catch((error: unknown) => postMessage({ type: 'failed', message: messageOf(error) }));
  });
}

function messageOf(error: unknown): string {
  if (isAttuneError(error)) return [error.message, error.hint].filter(Boolean).join(' ');
  return error instanceof Error ? error.message : String(error);
}
