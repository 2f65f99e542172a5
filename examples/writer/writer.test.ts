import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { write } from './writer.js';

it('writes what it was taught, and ends', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'attune-writer-'));
  try {
    const texts = ['hello team, the meeting moves to monday at nine.', 'dear customer, your parcel is on its way.'];
    const pieces: string[] = [];
    const options = { texts, prompt: 'hello team', output: join(folder, 'model'), epochs: 120 };
    for await (const piece of write(options)) pieces.push(piece);
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.join('').replaceAll(' ', '')).toBe(',themeetingmovestomondayatnine.');
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 180_000);
