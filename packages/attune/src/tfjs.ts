export { type TfjsOptions, tfjs } from '@attune/backend-tfjs';
