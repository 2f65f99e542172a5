/** What the page and its worker say to each other. */
import type { TrainEvent } from '@attune/core';
import type { Classification } from '@attune/models';
import * as z from 'zod/mini';
import { backendChoice } from '../shared/open-backend.js';

const size = z.int().check(z.positive());

/** What the user decides before training. */
export const settingsSchema = z.strictObject({
  columns: z.strictObject({ text: z.string(), label: z.string() }),
  method: z.enum(['lora', 'full']),
  backend: backendChoice,
  epochs: size,
  batchSize: size,
  learningRate: z.number().check(z.positive()),
  /** Tokens kept of each text. */
  maxLength: size,
});

export type Settings = z.infer<typeof settingsSchema>;

/** What LoRA trained, as PEFT has it, or the whole model: with LoRA merged into its weights. */
export type Download = 'adapter' | 'model';

export type Request =
  /** Goes on with what is kept from the last visit. */
  | { readonly type: 'restore' }
  | { readonly type: 'look-at'; readonly data: File }
  /** Without files of a model it is @attune/base-mini. */
  | { readonly type: 'train'; readonly data: File; readonly model: readonly File[]; readonly settings: Settings }
  | { readonly type: 'stop' }
  | { readonly type: 'forget' }
  | { readonly type: 'predict'; readonly text: string }
  | { readonly type: 'download'; readonly what: Download };

export type Report =
  | { readonly type: 'idle' }
  | { readonly type: 'columns'; readonly columns: readonly string[]; readonly rows: number }
  /** Training begins, or goes on after a reload. */
  | { readonly type: 'begun'; readonly fileName: string; readonly settings: Settings }
  | { readonly type: 'waiting'; readonly for: string }
  | { readonly type: 'trained'; readonly event: TrainEvent }
  | { readonly type: 'answer'; readonly answer: Classification }
  | { readonly type: 'archive'; readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'failed'; readonly message: string };
