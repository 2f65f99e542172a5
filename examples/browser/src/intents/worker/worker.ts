/** The worker: one session, whose reports go to the page. */
import { messageOf } from '../../shared/message-of.js';
import type { Report, Request } from '../protocol.js';
import { Session } from './session.js';

const report = (message: Report, transfer: Transferable[] = []): void => postMessage(message, { transfer });
const session = new Session(report);

addEventListener('message', ({ data }: MessageEvent<Request>) => {
  session.handle(data).catch((error: unknown) => report({ type: 'failed', message: messageOf(error) }));
});
