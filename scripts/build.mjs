// `npm run build`: every package, once.
import { build } from './setup.mjs';

build();
