/** For loading, which takes this file if a family's files hold matrices as [in, out]. */
export { transposed } from '@attune/ir/internal';
