export { nodeStorage } from '@attune/hub/node';
