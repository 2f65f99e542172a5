/** Texts that begin alike, such as the turns of a conversation: what is known of the last one is not computed again. */
import { AttuneError } from '@attune/ir';
import type { PredictionContext } from '../learner/prediction.js';
import { type GeneratedStep, writeTexts } from './generate.js';
import { Text, type TextOptions } from './text.js';
import { requirePrompts, requireWriter, TextCache } from './text-cache.js';

/** Dispose of it at the end: it holds a cache on the device. Models whose state cannot be taken back begin again. */
export class GenerationSession implements Disposable {
  readonly #context: PredictionContext;
  readonly #cache: TextCache;
  #isWriting = false;

  /** @throws AttuneError `E_MODEL_UNSUPPORTED` for a model that writes no texts */
  constructor(context: PredictionContext) {
    requireWriter(context);
    this.#context = context;
    this.#cache = new TextCache(context, 1, { doubles: true });
  }

  /** Tokens that were computed since the beginning. */
  get computedTokens(): number {
    return this.#cache.computed;
  }

  /**
   * As `Learner.generate` for one prompt: the whole text, of which only what is new is computed.
   * @throws AttuneError as `generateTokens`, `E_CONFIG` for several texts, `E_BUSY` while another text is written
   */
  async *generate(
    prompts: readonly (readonly number[])[],
    options: TextOptions | readonly TextOptions[] = {},
  ): AsyncGenerator<GeneratedStep, void, undefined> {
    requirePrompts(prompts);
    const [given = {}] = [options].flat();
    using text = new Text(prompts[0]!, given);
    const { numBeams, numReturnSequences } = text.options;
    if (prompts.length > 1 || numBeams > 1 || numReturnSequences > 1) throw oneText();
    text.requireRoom(this.#context.adapted.model.maxPositions);
    if (this.#isWriting) throw new AttuneError('E_BUSY', 'The session is writing a text already.');
    this.#isWriting = true;
    try {
      const unread = [this.#cache.continueWith(text.prompt)];
      const { maxPositions } = this.#context.adapted.model;
      yield* writeTexts([text], this.#cache, { unread, signal: given.signal, maxPositions });
    } finally {
      this.#isWriting = false;
    }
  }

  [Symbol.dispose](): void {
    this.#cache[Symbol.dispose]();
  }
}

const oneText = (): AttuneError =>
  new AttuneError('E_CONFIG', 'A session writes one text at a time.', {
    field: 'prompts',
    hint: 'Use `generate` of the model for several texts, beams or several sequences.',
  });
