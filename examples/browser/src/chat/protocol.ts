/** What the page and its worker say to each other. */
import type { TrainEvent } from '@attune/core';
import * as z from 'zod/mini';
import { type BackendChoice, backendChoice } from '../shared/open-backend.js';

const size = z.int().check(z.positive());

export const settingsSchema = z.strictObject({
  backend: backendChoice,
  epochs: size,
  learningRate: z.number().check(z.positive()),
  /** Tokens kept of each conversation. */
  maxLength: size,
});

export type Settings = z.infer<typeof settingsSchema>;

export type Request =
  /** Opens what is kept from the last visit. */
  | { readonly type: 'restore'; readonly backend: BackendChoice }
  | { readonly type: 'open'; readonly files: readonly File[]; readonly backend: BackendChoice }
  | { readonly type: 'train'; readonly data: File; readonly settings: Settings }
  /** Who answers from now on, in a new conversation. */
  | { readonly type: 'adapt'; readonly isAdapted: boolean }
  | { readonly type: 'say'; readonly text: string }
  | { readonly type: 'stop' }
  | { readonly type: 'download' };

export type Report =
  /** Nothing is kept. */
  | { readonly type: 'idle' }
  | { readonly type: 'waiting'; readonly for: string }
  /** A new conversation can begin. */
  | { readonly type: 'opened'; readonly hasAdapter: boolean; readonly isAdapted: boolean }
  | { readonly type: 'trained'; readonly event: TrainEvent }
  | { readonly type: 'piece'; readonly piece: string }
  | { readonly type: 'answered' }
  | { readonly type: 'archive'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'failed'; readonly message: string };
