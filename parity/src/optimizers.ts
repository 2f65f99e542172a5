import { runOptimizerCase, runScheduleCase } from '@attune/conformance';
import { readJson } from '@attune/hub';
import { z } from 'zod';
import { goldenCases, join } from './golden-file.js';
import { Comparison, type ParityCase, type ParityGroup } from './parity-case.js';

/** Files whose cases have gradients over steps. */
export const optimizersGroup: ParityGroup = async (folder) =>
  (await goldenCases(folder))
    .filter(({ golden }) => golden.g.length > 0)
    .map(({ id, op, name, golden, tolerance, load }) => ({
      id,
      async run({ device }) {
        const tensors = await load();
        const outputs = await runOptimizerCase({ op, name, attributes: golden.attributes, tensors }, device);
        const comparison = new Comparison();
        for (const out of golden.out) {
          comparison.addTensor(out, outputs.get(out), tensors.get(`out.${out}`)!, tolerance);
        }
        return comparison.outcome;
      },
    }));

export const scheduleFileSchema = z.looseObject({
  schedule: z.string(),
  tolerance: z.object({ rtol: z.number(), atol: z.number() }),
  cases: z.record(z.string(), z.record(z.string(), z.unknown())),
});

/** Files that name a schedule. */
export const schedulesGroup: ParityGroup = async ({ storage, path, files }) => {
  const cases: ParityCase[] = [];
  for (const file of files.filter((name) => name.endsWith('.json'))) {
    const parsed = scheduleFileSchema.safeParse(await readJson(storage, join(path, file)));
    if (!parsed.success) continue;
    const { schedule, tolerance, cases: golden } = parsed.data;
    for (const [name, fields] of Object.entries(golden)) {
      cases.push({
        id: join(path, `${file.replace(/\.json$/, '')}/${name}`),
        run: async ({ device }) => {
          const comparison = new Comparison();
          for (const each of await runScheduleCase({ schedule, golden: fields }, device)) {
            comparison.add(each.name, each.got, each.want, each.tolerance ?? tolerance);
          }
          return comparison.outcome;
        },
      });
    }
  }
  return cases;
};
