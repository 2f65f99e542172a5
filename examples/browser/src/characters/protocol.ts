/** What the page and its worker say to each other. */
import type { TrainEvent } from '@attune/core';
import * as z from 'zod/mini';
import { backendChoice } from '../shared/open-backend.js';

const size = z.int().check(z.positive());

export const settingsSchema = z.strictObject({
  backend: backendChoice,
  layers: size,
  /** Of the hidden states: a multiple of 32, the width of an attention head. */
  width: size.check(z.multipleOf(32)),
  steps: size,
});

export type Settings = z.infer<typeof settingsSchema>;

export type Request =
  | { readonly type: 'train'; readonly text: string; readonly settings: Settings }
  | { readonly type: 'stop' }
  | { readonly type: 'write'; readonly prompt: string }
  | { readonly type: 'download' };

export type Report =
  | { readonly type: 'trained'; readonly event: TrainEvent }
  /** The model is at hand. */
  | { readonly type: 'ready' }
  | { readonly type: 'piece'; readonly piece: string }
  | { readonly type: 'archive'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'failed'; readonly message: string };
