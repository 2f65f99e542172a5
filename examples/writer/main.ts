import { write } from './writer.js';

const texts = [
  'Dear customer, thank you for your patience. Your parcel is on its way.',
  'Dear customer, we are sorry for the delay. Your refund is on its way.',
  'Hello team, the meeting moves to Monday at nine.',
];
const [prompt = 'Hello team'] = process.argv.slice(2);
for await (const piece of write({ texts, prompt, output: 'runs/writer', epochs: 150 })) process.stdout.write(piece);
process.stdout.write('\n');
