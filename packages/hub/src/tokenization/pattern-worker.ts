/**
 * Finds the matches of foreign patterns in a worker that can be ended: a pattern that backtracks for ever blocks only
 * that worker. Runs on `node:worker_threads` in Node and on Web Workers elsewhere.
 */
import { AttuneError } from '@attune/ir';
import { type Budget, budgetError } from './budget.js';
import type { Matches, MatchRequest } from './patterns.js';

/** One worker. */
export interface PatternWorker {
  /** @throws AttuneError `E_TOKENIZER_BUDGET` naming the pattern that did not end in time or memory */
  matches(request: MatchRequest, budget: Budget): Promise<readonly Matches[]>;
  close(): Promise<void>;
}

export type OpenPatternWorker = () => PatternWorker;

/** What a worker is to this file. */
interface Thread {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  onFailure(listener: (problem: string) => void): void;
  terminate(): Promise<void>;
}

/** Runs in the worker; `answer` takes one message and returns the other. */
const answerSource = `
const answer = ({ source, flags, texts }) => {
  try {
    return { matches: texts.map((text) => {
      const found = [];
      for (const match of text.matchAll(new RegExp(source, flags))) found.push(match.index, match.index + match[0].length);
      return Int32Array.from(found);
    }) };
  } catch (error) {
    return { problem: String(error) };
  }
};`;

const nodeSource = `${answerSource}
const { parentPort } = require('node:worker_threads');
parentPort.on('message', (message) => parentPort.postMessage(answer(message)));`;

const webSource = `${answerSource}
self.onmessage = ({ data }) => self.postMessage(answer(data));`;

export const openPatternWorker: OpenPatternWorker = () => {
  const thread = openThread();
  return {
    matches: ({ pattern, texts }, budget) =>
      new Promise((resolve, reject) => {
        const { source, flags } = pattern.expression;
        const fail = (error: Error) => {
          clearTimeout(timer);
          void thread.terminate();
          reject(error);
        };
        const timer = setTimeout(() => fail(budget.exceeded(pattern.field)), Math.max(0, budget.left));
        thread.onFailure((problem) => fail(failure(budget.file, pattern.field, problem)));
        thread.onMessage((message) => {
          clearTimeout(timer);
          if (isAnswer(message)) resolve(message.matches);
          else fail(failure(budget.file, pattern.field, problemOf(message)));
        });
        thread.post({ source, flags, texts });
      }),
    close: () => thread.terminate(),
  };
};

function openThread(): Thread {
  const node = globalThis.process?.getBuiltinModule?.('node:worker_threads');
  if (node) {
    const worker = new node.Worker(nodeSource, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 1024 } });
    return {
      post: (message) => worker.postMessage(message),
      onMessage: (listener) => void worker.removeAllListeners('message').on('message', listener),
      onFailure: (listener) => void worker.removeAllListeners('error').on('error', (error) => listener(String(error))),
      terminate: async () => void (await worker.terminate()),
    };
  }
  if (typeof Worker === 'undefined') {
    throw new AttuneError('E_TOKENIZER_BUDGET', 'This platform has no workers, which foreign patterns need.', {
      hint: 'Pass openPatternWorker to loadTokenizer.',
    });
  }
  const address = URL.createObjectURL(new Blob([webSource], { type: 'text/javascript' }));
  const worker = new Worker(address);
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => {
      worker.onmessage = ({ data }) => listener(data);
    },
    onFailure: (listener) => {
      worker.onerror = ({ message }) => listener(message || 'the worker could not start');
    },
    terminate: async () => {
      worker.terminate();
      URL.revokeObjectURL(address);
    },
  };
}

const isAnswer = (message: unknown): message is { readonly matches: readonly Int32Array[] } =>
  typeof message === 'object' && message !== null && 'matches' in message && Array.isArray(message.matches);

const problemOf = (message: unknown): string =>
  typeof message === 'object' && message !== null && 'problem' in message ? String(message.problem) : 'no answer';

const failure = (file: string, field: string, problem: string): AttuneError =>
  budgetError(file, field, `failed in its worker: ${problem}`, 'Check the pattern, or use shorter texts.');
