/** The worker: one session, whose reports go to the page. */
import { isAttuneError } from '@attune/ir';
import type { Report, Request } from '../protocol.js';
import { Session } from './session.js';

const report = (message: Report, transfer: Transferable[] = []): void => postMessage(message, { transfer });
const session = new Session(report);

addEventListener('message', ({ data }: MessageEvent<Request>) => {
  session.handle(data).catch((error: unknown) => report({ type: 'failed', message: messageOf(error) }));
});

function messageOf(error: unknown): string {
  if (isAttuneError(error)) return [error.message, error.hint].filter(Boolean).join(' ');
  return error instanceof Error ? error.message : String(error);
}
