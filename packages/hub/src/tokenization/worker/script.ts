/** Runs in a worker that can be ended: a foreign tokenizer, from its definition to the tokens of texts. */
import { isAttuneError } from '@attune/ir';
import { Budget } from '../budget.js';
import { receivedParts } from '../parts.js';
import { Pipeline } from '../pipeline.js';
import type { EncodeRequest, WorkerMessage } from './messages.js';

let pipeline: Pipeline | undefined;

function answer({ parts, file, texts, milliseconds }: EncodeRequest, post: (message: WorkerMessage) => void): void {
  try {
    const budget = new Budget(file, milliseconds, (field) => post({ kind: 'enter', field }));
    if (parts) pipeline = new Pipeline(receivedParts(parts), budget);
    const made = pipeline;
    if (!made) return;
    const tokens = texts.map((text) => {
      const { text: _, ...columns } = made.tokens(text, budget);
      return columns;
    });
    post({ kind: 'tokens', tokens });
  } catch (error) {
    post(failureOf(error, file));
  }
}

function failureOf(error: unknown, ownFile: string): WorkerMessage {
  if (isAttuneError(error)) {
    const { code, message, file = ownFile, field = '', hint = '' } = error;
    return { kind: 'error', code, message, details: { file, field, hint } };
  }
  const message = `${ownFile} failed in its worker: ${error instanceof Error ? error.message : error}.`;
  return { kind: 'error', code: 'E_TOKENIZER', message, details: { file: ownFile, field: 'model' } };
}

const parentPort = globalThis.process?.getBuiltinModule?.('node:worker_threads').parentPort;
const post = (message: WorkerMessage) => (parentPort ?? self).postMessage(message);
if (parentPort) parentPort.on('message', (request) => answer(request, post));
else self.onmessage = ({ data }) => answer(data, post);
post({ kind: 'ready' });
