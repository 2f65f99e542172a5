/** Workers of the platform: `node:worker_threads` in Node, Web Workers elsewhere. */

/** A worker that runs one script and can be ended at any time. */
export interface WorkerThread {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Hears of what the script did not catch, such as a lack of memory. */
  onFailure(listener: (problem: string) => void): void;
  /** Whether the process waits for it, if it is of a kind that a process waits for. */
  keepAlive(needed: boolean): void;
  terminate(): Promise<void>;
}

/** @param source a script, not a module */
export type OpenThread = (source: string) => WorkerThread;

const memory = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32 };

/** @throws Error on a platform without workers */
export const openThread: OpenThread = (source) => {
  const node = globalThis.process?.getBuiltinModule?.('node:worker_threads');
  if (node) {
    const worker = new node.Worker(source, { eval: true, resourceLimits: memory });
    return {
      post: (message) => worker.postMessage(message),
      onMessage: (listener) => void worker.removeAllListeners('message').on('message', listener),
      onFailure: (listener) => void worker.removeAllListeners('error').on('error', (error) => listener(String(error))),
      keepAlive: (needed) => (needed ? worker.ref() : worker.unref()),
      terminate: async () => void (await worker.terminate()),
    };
  }
  if (typeof Worker === 'undefined') {
    throw new Error('this platform has no workers; pass openThread');
  }
  const address = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const worker = new Worker(address);
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => {
      worker.onmessage = ({ data }) => listener(data);
    },
    onFailure: (listener) => {
      worker.onerror = ({ message }) => listener(message || 'the worker could not start');
    },
    keepAlive: () => undefined,
    terminate: async () => {
      worker.terminate();
      URL.revokeObjectURL(address);
    },
  };
};
