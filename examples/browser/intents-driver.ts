/** What a user does on the page, in Chromium. */
import { readFileSync } from 'node:fs';
import { MemoryStorage, type Storage, writeFile } from '@attune/hub';
import { unzipSync } from 'fflate';
import type { Page } from 'playwright-core';

/** What to train on: the lines of a CSV with the columns `message` and `intent`. */
export interface PageTask {
  readonly csv: readonly string[];
  /** Files of a model in place of the base. */
  readonly model?: readonly string[];
  readonly method?: 'lora' | 'full';
  readonly backend: 'webgpu' | 'onnx';
  readonly epochs: number;
  /** Kept of each text. */
  readonly tokens: number;
}

/** Drops the CSV, waits for its columns, and trains in batches of four short texts. */
export async function train(page: Page, task: PageTask): Promise<void> {
  const transfer = await page.evaluateHandle((text) => {
    const data = new DataTransfer();
    data.items.add(new File([text], 'messages.csv', { type: 'text/csv' }));
    return data;
  }, task.csv.join('\n'));
  await page.dispatchEvent('#drop', 'drop', { dataTransfer: transfer });
  await page.locator('#text-column:enabled').waitFor();
  await page.getByText('Settings').click();
  await page.getByLabel('Method').selectOption(task.method ?? 'lora');
  await page.getByLabel('Computes on').selectOption(task.backend);
  await page.getByLabel('Epochs').fill(String(task.epochs));
  await page.getByLabel('Batch size').fill('4');
  await page.getByLabel('Learning rate').fill('0.02');
  await page.getByLabel('Tokens kept').fill(String(task.tokens));
  await page.getByLabel('Model files').setInputFiles(task.model ?? []);
  await page.getByText('Settings').click();
  await press(page, 'Train');
}

export const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click();

/** Waits until the page says it. */
export const says = (page: Page, text: string): Promise<void> => page.getByRole('status').getByText(text).waitFor();

/** Since the page was opened. */
export const trainedSteps = async (page: Page): Promise<number> =>
  (await page.locator('#losses').getAttribute('points'))?.split(' ').filter(Boolean).length ?? 0;

/** Waits until the loss of that many steps is drawn. */
export async function reaches(page: Page, steps: number): Promise<void> {
  await page.waitForFunction(
    (count) => (document.getElementById('losses')?.getAttribute('points')?.match(/,/g)?.length ?? 0) >= count,
    steps,
  );
}

/** The scores by label that the page gives for a message. */
export async function classify(page: Page, message: string): Promise<ReadonlyMap<string, number>> {
  await page.getByLabel('Message', { exact: true }).fill(message);
  await press(page, 'Classify');
  await page.getByRole('row').first().waitFor();
  const rows = await page.getByRole('row').all();
  return new Map(
    await Promise.all(
      rows.map(async (row) => {
        const score = await row.getByRole('meter').textContent();
        return [(await row.getByRole('cell').first().textContent()) ?? '', Number(score)] as const;
      }),
    ),
  );
}

/** The files of what the page gives to the user. */
export async function download(page: Page, button: 'Adapter' | 'Model' | 'Whole model'): Promise<Storage> {
  const [archive] = await Promise.all([page.waitForEvent('download'), press(page, button)]);
  const storage = new MemoryStorage(archive.suggestedFilename());
  for (const [name, bytes] of Object.entries(unzipSync(readFileSync(await archive.path())))) {
    await writeFile(storage, name, bytes);
  }
  return storage;
}
