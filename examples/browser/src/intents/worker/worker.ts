/** The worker: one session, whose reports go to the page. */
import { answerRequests } from '../../shared/answer-requests.js';
import type { Report, Request } from '../protocol.js';
import { Session } from './session.js';

const session = new Session((message: Report, transfer: Transferable[] = []) => postMessage(message, { transfer }));

answerRequests((request: Request) => session.handle(request));
